/*
 * Stands in for a command, under whose name it is first in the scripts' PATH. It asks the world for the command's output
 * and exit status; a command that changes files it runs for real, and reports that to the world before and after. Under
 * its own name it mounts the directories of one machine and executes a script. wire.go has the protocol. It is written in
 * C because a script starts dozens of these, and the start of another language's runtime would take most of their time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET "CDKTF_ETCD_EXPLORATION_SOCKET"
#define RUN "CDKTF_ETCD_EXPLORATION_RUN"

/* Exit statuses: the world is gone; a real command cannot be run. */
enum { LOST = 111, CANT_RUN = 126 };

static int world;

static void all(int fd, char *bytes, size_t count, int writes) {
  while (count > 0) {
    ssize_t done = writes ? write(fd, bytes, count) : read(fd, bytes, count);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) exit(LOST);
    bytes += done;
    count -= done;
  }
}

static void put_number(char **to, size_t n) {
  for (int shift = 24; shift >= 0; shift -= 8) *(*to)++ = n >> shift;
}

static size_t get_number(void) {
  unsigned char text[4];
  all(world, (char *)text, 4, 0);
  return (size_t)text[0] << 24 | text[1] << 16 | text[2] << 8 | text[3];
}

/* Sends a list of words: the run's number, the command's name and its arguments; or an empty list. */
static void send_words(int count, char **words) {
  size_t size = 4;
  for (int i = 0; i < count; i++) size += 4 + strlen(words[i]);
  char *message = malloc(size), *end = message;
  if (message == NULL) exit(LOST);
  put_number(&end, count);
  for (int i = 0; i < count; i++) {
    size_t length = strlen(words[i]);
    put_number(&end, length);
    memcpy(end, words[i], length);
    end += length;
  }
  all(world, message, size, 1);
  free(message);
}

/* Receives a word and its length. */
static char *word(size_t *length) {
  *length = get_number();
  char *text = malloc(*length + 1);
  if (text == NULL) exit(LOST);
  all(world, text, *length, 0);
  return text;
}

static int carry_out(const char *name, char **args) {
  char file[4096];
  snprintf(file, sizeof file, "/usr/bin/%s", name);
  pid_t child = vfork();
  if (child == 0) {
    execv(file, args);
    _exit(CANT_RUN);
  }
  int status;
  if (child < 0) return CANT_RUN;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return CANT_RUN;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int stand_in(char *name, int count, char **args) {
  char *run = getenv(RUN), *path = getenv(SOCKET);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (run == NULL || path == NULL || strlen(path) >= sizeof address.sun_path) return LOST;
  strcpy(address.sun_path, path);
  world = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (world < 0 || connect(world, (struct sockaddr *)&address, sizeof address) != 0) return LOST;

  char **words = malloc((count + 1) * sizeof *words);
  if (words == NULL) return LOST;
  words[0] = run;
  words[1] = name;
  memcpy(words + 2, args + 1, (count - 1) * sizeof *words);
  send_words(count + 1, words);

  size_t length, told = get_number();
  if (told == 3) {
    char *text = word(&length);
    all(STDOUT_FILENO, text, length, 1);
    text = word(&length);
    all(STDERR_FILENO, text, length, 1);
    text = word(&length);
    return (unsigned char)text[0];
  }
  /* "carry out" */
  free(word(&length));
  int code = carry_out(name, args);
  send_words(0, NULL);
  get_number();
  return code;
}

/* Arguments: PATH; pairs of a mount point and a directory; "--"; the script. Called in a mount namespace of its own. */
static void enter(char **args) {
  char path[4096], run[64], socket[4096];
  if (mount("", "/", "", MS_REC | MS_PRIVATE, "") != 0) {
    perror("can't have mounts of its own");
    return;
  }
  snprintf(path, sizeof path, "PATH=%s", *args++);
  for (; strcmp(*args, "--") != 0; args += 2) {
    if (mount(args[1], args[0], "", MS_BIND | MS_REC, "") != 0) {
      fprintf(stderr, "can't mount %s at %s: %s\n", args[1], args[0], strerror(errno));
      return;
    }
  }
  snprintf(socket, sizeof socket, SOCKET "=%s", getenv(SOCKET));
  snprintf(run, sizeof run, RUN "=%s", getenv(RUN));
  char *environment[] = {path, "LC_ALL=C", socket, run, NULL};
  if (chdir("/") != 0) return;
  umask(077);
  *args = "sh";
  execve("/bin/sh", args, environment);
  perror("can't run /bin/sh");
}

int main(int count, char **args) {
  char *slash = strrchr(args[0], '/');
  char *name = slash == NULL ? args[0] : slash + 1;
  if (strcmp(name, "stand-in") != 0) return stand_in(name, count, args);
  enter(args + 1);
  return CANT_RUN;
}
