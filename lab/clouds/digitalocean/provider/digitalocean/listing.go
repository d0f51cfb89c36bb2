package digitalocean

import (
	"context"
	"fmt"
	"regexp"
	"sort"
	"strings"

	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/id"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

// listing is a data source with filter and sort blocks, which are applied here and not sent to the API.
func listing(
	name string, fields map[string]*schema.Schema, load func(context.Context, *cloud) ([]map[string]any, error),
) *schema.Resource {
	keys := make([]string, 0, len(fields))
	for key := range fields {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	key := &schema.Schema{Type: schema.TypeString, Required: true, ValidateFunc: validation.StringInSlice(keys, false)}
	return &schema.Resource{
		Schema: map[string]*schema.Schema{
			"filter": {Type: schema.TypeSet, Optional: true, Elem: &schema.Resource{Schema: map[string]*schema.Schema{
				"key":    key,
				"values": {Type: schema.TypeList, Required: true, Elem: &schema.Schema{Type: schema.TypeString}},
				"all":    {Type: schema.TypeBool, Optional: true, Default: false},
				"match_by": {
					Type: schema.TypeString, Optional: true, Default: "exact",
					ValidateFunc: validation.StringInSlice([]string{"exact", "re", "substring"}, false),
				},
			}}},
			"sort": {Type: schema.TypeList, Optional: true, Elem: &schema.Resource{Schema: map[string]*schema.Schema{
				"key": key,
				"direction": {
					Type: schema.TypeString, Optional: true, Default: "asc",
					ValidateFunc: validation.StringInSlice([]string{"asc", "desc"}, false),
				},
			}}},
			name: {Type: schema.TypeList, Computed: true, Elem: &schema.Resource{Schema: fields}},
		},
		ReadContext: func(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
			records, err := load(ctx, m.(*cloud))
			if err != nil {
				return diag.Errorf("Unable to load %s: %s", name, err)
			}
			for _, f := range d.Get("filter").(*schema.Set).List() {
				if records, err = filtered(records, f.(map[string]any)); err != nil {
					return diag.FromErr(err)
				}
			}
			sorted(records, d.Get("sort").([]any))
			d.SetId(id.UniqueId())
			return diag.FromErr(d.Set(name, records))
		},
	}
}

func filtered(records []map[string]any, filter map[string]any) ([]map[string]any, error) {
	var kept []map[string]any
	for _, record := range records {
		matches := 0
		wanted := filter["values"].([]any)
		for _, value := range wanted {
			ok, err := anyMatch(record[filter["key"].(string)], value.(string), filter["match_by"].(string))
			if err != nil {
				return nil, err
			}
			if ok {
				matches++
			}
		}
		if matches == len(wanted) || (matches > 0 && !filter["all"].(bool)) {
			kept = append(kept, record)
		}
	}
	return kept, nil
}

func anyMatch(field any, wanted, how string) (bool, error) {
	texts, many := field.([]string)
	if !many {
		texts = []string{fmt.Sprint(field)}
	}
	for _, text := range texts {
		switch how {
		case "re":
			expression, err := regexp.Compile(wanted)
			if err != nil {
				return false, err
			}
			if expression.MatchString(text) {
				return true, nil
			}
		case "substring":
			if strings.Contains(text, wanted) {
				return true, nil
			}
		default:
			if text == wanted {
				return true, nil
			}
		}
	}
	return false, nil
}

func sorted(records []map[string]any, by []any) {
	sort.SliceStable(records, func(i, j int) bool {
		for _, one := range by {
			rule := one.(map[string]any)
			a, b := records[i][rule["key"].(string)], records[j][rule["key"].(string)]
			if order := compare(a, b); order != 0 {
				return (order < 0) == (rule["direction"].(string) == "asc")
			}
		}
		return false
	})
}

func compare(a, b any) int {
	switch x := a.(type) {
	case int:
		return x - b.(int)
	case float64:
		switch y := b.(float64); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	case bool:
		if x == b.(bool) {
			return 0
		}
		if !x {
			return -1
		}
		return 1
	default:
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
	}
}
