package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// templates renders a node's files like Terraform's templatefile(), by the HCL library.
type templates map[string]hcl.Expression

func readTemplates(dir string, names ...string) templates {
	parsed := templates{}
	for _, name := range names {
		source, err := os.ReadFile(filepath.Join(dir, name))
		must(err)
		expression, problems := hclsyntax.ParseTemplate(source, name, hcl.InitialPos)
		if problems.HasErrors() {
			panic(problems.Error())
		}
		parsed[name] = expression
	}
	return parsed
}

var functions = map[string]function.Function{
	"join": stdlib.JoinFunc, "keys": stdlib.KeysFunc, "sort": stdlib.SortFunc, "values": stdlib.ValuesFunc,
	"setsubtract": stdlib.SetSubtractFunc, "replace": stdlib.ReplaceFunc, "try": tryfunc.TryFunc,
}

func (t templates) render(name string, variables map[string]any) string {
	values := map[string]cty.Value{}
	for key, value := range variables {
		values[key] = ctyOf(value)
	}
	result, problems := t[name].Value(&hcl.EvalContext{Variables: values, Functions: functions})
	if problems.HasErrors() {
		panic(problems.Error())
	}
	text, err := convert.Convert(result, cty.String)
	must(err)
	return text.AsString()
}

// word is a word of the shell's, as lib/terraform/writers.ts writes it.
func word(words ...string) string {
	return "'" + strings.ReplaceAll(strings.Join(words, " "), "'", `'\''`) + "'"
}

func ctyOf(value any) cty.Value {
	switch v := value.(type) {
	case string:
		return cty.StringVal(v)
	case int:
		return cty.NumberIntVal(int64(v))
	case float64:
		return cty.NumberFloatVal(v)
	case bool:
		return cty.BoolVal(v)
	case []string:
		if len(v) == 0 {
			return cty.ListValEmpty(cty.String)
		}
		items := []cty.Value{}
		for _, item := range v {
			items = append(items, cty.StringVal(item))
		}
		return cty.ListVal(items)
	case []map[string]any:
		items := []cty.Value{}
		for _, item := range v {
			items = append(items, ctyOf(item))
		}
		return cty.TupleVal(items)
	case map[string]string:
		items := map[string]any{}
		for key, item := range v {
			items[key] = item
		}
		return ctyOf(items)
	case map[string]any:
		items := map[string]cty.Value{}
		for key, item := range v {
			items[key] = ctyOf(item)
		}
		return cty.ObjectVal(items)
	}
	panic(fmt.Sprintf("no value of Terraform's: %T", value))
}
