package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// kind is a kind of resource, made from its API calls; T is the API's type for it.
type kind[T any] struct {
	// noun is its name in messages, and key its field in the API's answers.
	noun, key string
	// schema is Terraform's schema without the functions, which are made from the calls here.
	schema *schema.Resource

	create func(context.Context, *cloud, *schema.ResourceData) (*T, error)
	// id is its id in Terraform.
	id func(*schema.ResourceData, *T) string
	// inTurn is a key: creations with the same one run one after the other. Without it, all run at once.
	inTurn func(*schema.ResourceData) string
	// created does, or waits for, the rest of the creation.
	created func(context.Context, *cloud, *schema.ResourceData) error
	// notReadBack is set if the resource is not read after its creation.
	notReadBack bool

	get func(context.Context, *cloud, *schema.ResourceData) (*T, *godo.Response, error)
	// stays is set if a 404 is an error and does not mean that the resource is gone.
	stays bool
	// set writes the answer into the state.
	set func(*schema.ResourceData, *T) error

	// update is nil if each change replaces the resource.
	update func(context.Context, *cloud, *schema.ResourceData) error
	remove func(context.Context, *cloud, *schema.ResourceData) error
	// notImportable is set if the original has no import.
	notImportable bool
}

var turns sync.Map

func lock(place string) (unlock func()) {
	turn, _ := turns.LoadOrStore(place, &sync.Mutex{})
	turn.(*sync.Mutex).Lock()
	return turn.(*sync.Mutex).Unlock
}

// sentence is an error with a complete message: no prefix is put in front of it.
type sentence struct{ error }

func (s sentence) Unwrap() error { return s.error }

func sentencef(format string, values ...any) error { return sentence{fmt.Errorf(format, values...)} }

func (k kind[T]) failed(doing string, err error) diag.Diagnostics {
	var whole sentence
	if err == nil || errors.As(err, &whole) {
		return diag.FromErr(err)
	}
	return diag.Errorf("Error %s %s: %s", doing, k.noun, err)
}

func (k kind[T]) resource() *schema.Resource {
	r := *k.schema
	r.CreateContext = func(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
		return k.createIn(ctx, m.(*cloud), d)
	}
	r.ReadContext = func(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
		return k.read(ctx, m.(*cloud), d)
	}
	if k.update != nil {
		r.UpdateContext = func(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
			if err := k.update(ctx, m.(*cloud), d); err != nil {
				return k.failed("updating", err)
			}
			return k.read(ctx, m.(*cloud), d)
		}
	}
	r.DeleteContext = func(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
		return k.failed("deleting", k.remove(ctx, m.(*cloud), d))
	}
	if r.Importer == nil && !k.notImportable {
		r.Importer = &schema.ResourceImporter{StateContext: schema.ImportStatePassthroughContext}
	}
	return &r
}

func (k kind[T]) createIn(ctx context.Context, c *cloud, d *schema.ResourceData) diag.Diagnostics {
	if k.inTurn != nil {
		defer lock(k.key + k.inTurn(d))()
	}
	made, err := k.create(ctx, c, d)
	if err != nil {
		return k.failed("creating", err)
	}
	if made == nil {
		return diag.FromErr(missing(k.key))
	}
	d.SetId(k.id(d, made))
	if k.created != nil {
		if err := k.created(ctx, c, d); err != nil {
			return k.failed("creating", err)
		}
	}
	if k.notReadBack {
		return nil
	}
	return k.read(ctx, c, d)
}

func (k kind[T]) read(ctx context.Context, c *cloud, d *schema.ResourceData) diag.Diagnostics {
	found, resp, err := k.get(ctx, c, d)
	if notFound(resp) && !k.stays {
		d.SetId("")
		return nil
	}
	if err != nil {
		return k.failed("retrieving", err)
	}
	if found == nil {
		return diag.FromErr(missing(k.key))
	}
	return diag.FromErr(k.set(d, found))
}
