package main

// The protocol between a stand-in and the world: lists of strings, each with its length in front.

import "syscall"

// Environment variables of a script: the world's socket, and the number of the run.
const (
	socketVariable = "CDKTF_ETCD_EXPLORATION_SOCKET"
	runVariable    = "CDKTF_ETCD_EXPLORATION_RUN"
)

// send writes a list.
func send(fd int, words []string) error {
	message := number(nil, len(words))
	for _, word := range words {
		message = append(number(message, len(word)), word...)
	}
	for len(message) > 0 {
		n, err := syscall.Write(fd, message)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		message = message[n:]
	}
	return nil
}

// receiveWords reads a list; it fails if the other side has ended.
func receiveWords(fd int) ([]string, error) {
	count, err := receiveNumber(fd)
	if err != nil {
		return nil, err
	}
	words := make([]string, count)
	for i := range words {
		length, err := receiveNumber(fd)
		if err != nil {
			return nil, err
		}
		text, err := receive(fd, length)
		if err != nil {
			return nil, err
		}
		words[i] = string(text)
	}
	return words, nil
}

func number(to []byte, n int) []byte {
	return append(to, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

func receiveNumber(fd int) (int, error) {
	text, err := receive(fd, 4)
	if err != nil {
		return 0, err
	}
	return int(text[0])<<24 | int(text[1])<<16 | int(text[2])<<8 | int(text[3]), nil
}

func receive(fd, length int) ([]byte, error) {
	text := make([]byte, length)
	for got := 0; got < length; {
		n, err := syscall.Read(fd, text[got:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, syscall.EPIPE
		}
		got += n
	}
	return text, nil
}
