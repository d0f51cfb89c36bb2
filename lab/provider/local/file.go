package local

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

var mode = regexp.MustCompile(`^0?[0-7]{3}$`)

func fileResource(sensitive bool) *schema.Resource {
	permission := "0777"
	sources := []string{"content", "content_base64", "source"}
	if sensitive {
		permission = "0700"
	} else {
		sources = append(sources, "sensitive_content")
	}
	text := func(secret bool) *schema.Schema {
		return &schema.Schema{Type: schema.TypeString, Optional: true, ForceNew: true, Sensitive: secret, ExactlyOneOf: sources}
	}
	permissions := func() *schema.Schema {
		return &schema.Schema{
			Type: schema.TypeString, Optional: true, ForceNew: true, Default: permission,
			ValidateDiagFunc: validation.ToDiagFunc(validation.StringMatch(mode, "must be an octal mode such as 0600")),
		}
	}
	s := map[string]*schema.Schema{
		"filename":             {Type: schema.TypeString, Required: true, ForceNew: true},
		"content":              text(sensitive),
		"content_base64":       text(sensitive),
		"source":               {Type: schema.TypeString, Optional: true, ForceNew: true, ExactlyOneOf: sources},
		"file_permission":      permissions(),
		"directory_permission": permissions(),
	}
	if !sensitive {
		s["sensitive_content"] = text(true)
		s["sensitive_content"].Deprecated = "Use the local_sensitive_file resource instead"
	}
	addHashes(s)
	return &schema.Resource{
		CreateContext: createFile,
		ReadContext:   readFile,
		DeleteContext: deleteFile,
		Schema:        s,
	}
}

func addHashes(s map[string]*schema.Schema) {
	for name := range hashes(nil) {
		s[name] = &schema.Schema{Type: schema.TypeString, Computed: true}
	}
}

func hashes(content []byte) map[string]string {
	md, s1, s256, s512 := md5.Sum(content), sha1.Sum(content), sha256.Sum256(content), sha512.Sum512(content)
	return map[string]string{
		"content_md5":          hex.EncodeToString(md[:]),
		"content_sha1":         hex.EncodeToString(s1[:]),
		"content_sha256":       hex.EncodeToString(s256[:]),
		"content_base64sha256": base64.StdEncoding.EncodeToString(s256[:]),
		"content_sha512":       hex.EncodeToString(s512[:]),
		"content_base64sha512": base64.StdEncoding.EncodeToString(s512[:]),
	}
}

func contentOf(d *schema.ResourceData) ([]byte, error) {
	if v, ok := d.GetOk("content_base64"); ok {
		return base64.StdEncoding.DecodeString(v.(string))
	}
	if v, ok := d.GetOk("source"); ok {
		return os.ReadFile(v.(string))
	}
	if v, ok := d.GetOk("sensitive_content"); ok {
		return []byte(v.(string)), nil
	}
	return []byte(d.Get("content").(string)), nil
}

func createFile(_ context.Context, d *schema.ResourceData, _ any) diag.Diagnostics {
	content, err := contentOf(d)
	if err != nil {
		return diag.FromErr(err)
	}
	filename := d.Get("filename").(string)
	fileMode, err := strconv.ParseUint(d.Get("file_permission").(string), 8, 32)
	if err != nil {
		return diag.FromErr(err)
	}
	dirMode, err := strconv.ParseUint(d.Get("directory_permission").(string), 8, 32)
	if err != nil {
		return diag.FromErr(err)
	}
	if err := os.MkdirAll(filepath.Dir(filename), fs.FileMode(dirMode)); err != nil {
		return diag.FromErr(err)
	}
	if err := os.WriteFile(filename, content, fs.FileMode(fileMode)); err != nil {
		return diag.FromErr(err)
	}
	all := hashes(content)
	for name, value := range all {
		if err := d.Set(name, value); err != nil {
			return diag.FromErr(err)
		}
	}
	d.SetId(all["content_sha1"])
	return nil
}

// A file that is gone, or holds something else, is planned to be written again.
func readFile(_ context.Context, d *schema.ResourceData, _ any) diag.Diagnostics {
	content, err := os.ReadFile(d.Get("filename").(string))
	if errors.Is(err, fs.ErrNotExist) {
		d.SetId("")
		return nil
	}
	if err != nil {
		return diag.FromErr(err)
	}
	if hashes(content)["content_sha1"] != d.Id() {
		d.SetId("")
	}
	return nil
}

func deleteFile(_ context.Context, d *schema.ResourceData, _ any) diag.Diagnostics {
	if err := os.Remove(d.Get("filename").(string)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return diag.FromErr(err)
	}
	return nil
}

func fileDataSource(sensitive bool) *schema.Resource {
	s := map[string]*schema.Schema{
		"filename":       {Type: schema.TypeString, Required: true},
		"content":        {Type: schema.TypeString, Computed: true, Sensitive: sensitive},
		"content_base64": {Type: schema.TypeString, Computed: true, Sensitive: sensitive},
	}
	addHashes(s)
	return &schema.Resource{Schema: s, ReadContext: func(_ context.Context, d *schema.ResourceData, _ any) diag.Diagnostics {
		content, err := os.ReadFile(d.Get("filename").(string))
		if err != nil {
			return diag.FromErr(fmt.Errorf("reading a local file: %w", err))
		}
		all := hashes(content)
		all["content"] = string(content)
		all["content_base64"] = base64.StdEncoding.EncodeToString(content)
		for name, value := range all {
			if err := d.Set(name, value); err != nil {
				return diag.FromErr(err)
			}
		}
		d.SetId(all["content_sha1"])
		return nil
	}}
}
