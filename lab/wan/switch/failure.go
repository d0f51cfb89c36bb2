package main

import (
	"errors"
	"fmt"
)

// requestError is an error with a code for clients.
type requestError struct{ code, message string }

func (e *requestError) Error() string { return e.message }

func failure(code, format string, args ...interface{}) error {
	return &requestError{code, fmt.Sprintf(format, args...)}
}

func codeOf(err error) string {
	var known *requestError
	if errors.As(err, &known) {
		return known.code
	}
	return "system"
}
