#!/bin/sh
# answer-metadata DIRECTORY: answers one HTTP request, from standard input to standard output, with the files below DIRECTORY.
root=$1
cr=$(printf '\r')
read -r method path _
while read -r header && [ "${header%"$cr"}" != "" ]; do :; done
path=${path%%\?*}
# A directory is answered with the list of what is in it.
if [ -d "$root${path%/}" ]; then path=${path%/}/.index; fi
status="200 OK" file=$root$path
case $method$path in
*..* | *"$cr"*) status="404 Not Found" ;;
GET/metadata/*) [ -f "$file" ] || status="404 Not Found" ;;
GET/*) status="404 Not Found" ;;
*) status="405 Method Not Allowed" ;;
esac
[ "$status" = "200 OK" ] || file=/dev/null
printf 'HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %s\r\nConnection: close\r\n\r\n' \
  "$status" "$(wc -c <"$file" | tr -d ' ')"
exec cat "$file"
