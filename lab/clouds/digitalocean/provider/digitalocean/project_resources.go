package digitalocean

import (
	"context"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

// resourcesOfProject is what of a project's resources is managed here; others may be in it, too.
type resourcesOfProject struct {
	project string
	urns    []string
}

var projectResources = kind[resourcesOfProject]{
	noun: "project resources", key: "project",
	schema: &schema.Resource{Schema: map[string]*schema.Schema{
		"project":   {Type: schema.TypeString, Required: true, ForceNew: true, ValidateFunc: validation.NoZeroValues},
		"resources": {Type: schema.TypeSet, Required: true, Elem: &schema.Schema{Type: schema.TypeString}},
	}},
	create: func(ctx context.Context, c *cloud, d *schema.ResourceData) (*resourcesOfProject, error) {
		made := &resourcesOfProject{project: d.Get("project").(string)}
		return made, c.assignTo(ctx, made.project, stringsOf(d.Get("resources")))
	},
	id: func(_ *schema.ResourceData, r *resourcesOfProject) string { return r.project },
	get: func(ctx context.Context, c *cloud, d *schema.ResourceData) (*resourcesOfProject, *godo.Response, error) {
		project, resp, err := c.Projects.Get(ctx, d.Id())
		if err != nil {
			return nil, resp, err
		}
		if project == nil {
			return nil, resp, missing("project")
		}
		all, err := listAll(func(options *godo.ListOptions) ([]godo.ProjectResource, *godo.Response, error) {
			return c.Projects.ListResources(ctx, project.ID, options)
		})
		if err != nil {
			return nil, nil, err
		}
		mine := stringsOf(d.Get("resources"))
		found := &resourcesOfProject{project: project.ID}
		for _, one := range all {
			if contains(mine, one.URN) {
				found.urns = append(found.urns, one.URN)
			}
		}
		return found, resp, nil
	},
	set: func(d *schema.ResourceData, r *resourcesOfProject) error {
		return setAll(d, map[string]any{"project": r.project, "resources": r.urns})
	},
	update: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		before, after := d.GetChange("resources")
		old, wanted := before.(*schema.Set), after.(*schema.Set)
		if err := c.assignToDefault(ctx, stringsOf(old.Difference(wanted))); err != nil {
			return err
		}
		return c.assignTo(ctx, d.Id(), stringsOf(wanted.Difference(old)))
	},
	remove: func(ctx context.Context, c *cloud, d *schema.ResourceData) error {
		return c.assignToDefault(ctx, stringsOf(d.Get("resources")))
	},
	// Observed with projects; of this resource it was not tried.
	notImportable: true,
}

// assignTo puts resources into a project; each leaves the one that it was in.
func (c *cloud) assignTo(ctx context.Context, project string, urns []string) error {
	if len(urns) == 0 {
		return nil
	}
	resources := make([]any, 0, len(urns))
	for _, urn := range urns {
		resources = append(resources, urn)
	}
	_, _, err := c.Projects.AssignResources(ctx, project, resources...)
	return err
}

// assignToDefault is all that taking resources out of a project can mean.
func (c *cloud) assignToDefault(ctx context.Context, urns []string) error {
	if len(urns) == 0 {
		return nil
	}
	project, _, err := c.Projects.GetDefault(ctx)
	if err != nil {
		return err
	}
	if project == nil {
		return missing("project")
	}
	return c.assignTo(ctx, project.ID, urns)
}
