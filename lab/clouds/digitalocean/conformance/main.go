// Conformance calls every service of a DigitalOcean API through godo, DigitalOcean's own client, and reports answers
// that DigitalOcean would not give. It creates and deletes resources: never point it at an account in use.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/digitalocean/godo"
	"golang.org/x/oauth2"
)

// A check exercises one kind of resource; it stops at the first wrong answer.
type check struct {
	name string
	run  func(*suite)
}

// suite is what the checks share. Its methods panic with a failure, which ends the check.
type suite struct {
	ctx    context.Context
	client *godo.Client
}

type failure string

func main() {
	url, token := os.Getenv("DIGITALOCEAN_API_URL"), os.Getenv("DIGITALOCEAN_TOKEN")
	if url == "" || token == "" {
		fmt.Fprintln(os.Stderr, "DIGITALOCEAN_API_URL and DIGITALOCEAN_TOKEN must say where the API is and how to get in")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	source := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token})
	client, err := godo.New(oauth2.NewClient(ctx, source), godo.SetBaseURL(url))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	failed := 0
	for _, one := range checks {
		if message := attempt(one, &suite{ctx, client}); message != "" {
			failed++
			fmt.Printf("FAILED %s: %s\n", one.name, message)
		} else {
			fmt.Printf("ok %s\n", one.name)
		}
	}
	if failed > 0 {
		os.Exit(1)
	}
}

func attempt(one check, s *suite) (message string) {
	defer func() {
		if found := recover(); found != nil {
			if wrong, ok := found.(failure); ok {
				message = string(wrong)
				return
			}
			panic(found)
		}
	}()
	one.run(s)
	return ""
}

// must returns the value of a call that has to succeed.
func must[T any](value T, response *godo.Response, err error) T {
	if err != nil {
		panic(failure(err.Error()))
	}
	return value
}

// done is like must, for calls that return no value.
func done(_ *godo.Response, err error) {
	if err != nil {
		panic(failure(err.Error()))
	}
}

// want fails when an observation is not the expected one.
func want[T comparable](what string, got, expected T) {
	if got != expected {
		panic(failure(fmt.Sprintf("%s is %v, expected %v", what, got, expected)))
	}
}

// refused checks the status of a call that must not succeed.
func refused(what string, status int, response *godo.Response, err error) {
	if err == nil {
		panic(failure(what + " succeeded, expected a refusal"))
	}
	if response == nil {
		panic(failure(what + " got no answer: " + err.Error()))
	}
	want("status of "+what, response.StatusCode, status)
}

// eventually waits up to 20 s for a condition.
func (s *suite) eventually(what string, condition func() bool) {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if condition() {
			return
		}
	}
	panic(failure(what + " did not happen within 20 seconds"))
}

// all reads every page of a list, the way the Terraform provider does.
func all[T any](list func(*godo.ListOptions) ([]T, *godo.Response, error), perPage int) []T {
	var items []T
	options := &godo.ListOptions{Page: 1, PerPage: perPage}
	for pages := 0; ; pages++ {
		if pages > 500 {
			panic(failure("the pages of a list never end"))
		}
		page, response, err := list(options)
		items = append(items, must(page, response, err)...)
		if response.Links == nil || response.Links.IsLastPage() {
			return items
		}
		current, err := response.Links.CurrentPage()
		if err != nil {
			panic(failure("links of a page: " + err.Error()))
		}
		options.Page = current + 1
	}
}
