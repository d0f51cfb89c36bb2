package digitalocean

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// missing is the error for an answer without a field whose absence crashes the original.
func missing(field string) error {
	return fmt.Errorf("the API's answer has no %q; DigitalOcean's own provider crashes on that", field)
}

func notFound(resp *godo.Response) bool {
	return resp != nil && resp.Response != nil && resp.StatusCode == http.StatusNotFound
}

// statusOf is the HTTP status behind an error, 0 if there was no answer.
func statusOf(err error) int {
	var answer *godo.ErrorResponse
	if errors.As(err, &answer) && answer.Response != nil {
		return answer.Response.StatusCode
	}
	return 0
}

// numberOf is the id of a resource whose ids are numbers in the API.
func numberOf(d *schema.ResourceData) (int, error) {
	number, err := strconv.Atoi(d.Id())
	if err != nil {
		return 0, fmt.Errorf("invalid id: %w", err)
	}
	return number, nil
}

func setAll(d *schema.ResourceData, values map[string]any) error {
	for name, value := range values {
		if err := d.Set(name, value); err != nil {
			return fmt.Errorf("setting %s: %w", name, err)
		}
	}
	return nil
}

func stringsOf(set any) []string {
	list := set.(*schema.Set).List()
	texts := make([]string, 0, len(list))
	for _, v := range list {
		if text, ok := v.(string); ok && text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

func intsOf(set any) []int {
	list := set.(*schema.Set).List()
	numbers := make([]int, 0, len(list))
	for _, v := range list {
		numbers = append(numbers, v.(int))
	}
	return numbers
}

// orNil makes an empty list null in JSON, as the original sends it in some places.
func orNil[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

func contains(list []string, wanted string) bool {
	for _, one := range list {
		if one == wanted {
			return true
		}
	}
	return false
}

func lower(v any) string { return strings.ToLower(v.(string)) }

// listAll reads all pages as godo does: the page number is computed from the "prev" link, so a middle page without one
// is requested again for ever.
func listAll[T any](get func(*godo.ListOptions) ([]T, *godo.Response, error)) ([]T, error) {
	options := &godo.ListOptions{Page: 1, PerPage: 200}
	var all []T
	for {
		some, resp, err := get(options)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if resp.Links == nil || resp.Links.IsLastPage() {
			return all, nil
		}
		page, err := resp.Links.CurrentPage()
		if err != nil {
			return nil, err
		}
		options.Page = page + 1
	}
}
