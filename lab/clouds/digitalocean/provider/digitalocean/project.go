package digitalocean

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/retry"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

func resourceProject() *schema.Resource {
	return &schema.Resource{
		CreateContext: createProject,
		ReadContext:   readProject,
		UpdateContext: updateProject,
		DeleteContext: deleteProject,
		Importer:      &schema.ResourceImporter{StateContext: schema.ImportStatePassthroughContext},
		Timeouts:      &schema.ResourceTimeout{Delete: schema.DefaultTimeout(3 * time.Minute)},
		Schema: map[string]*schema.Schema{
			"name":        {Type: schema.TypeString, Required: true, ValidateFunc: validation.StringLenBetween(1, 175)},
			"description": {Type: schema.TypeString, Optional: true, ValidateFunc: validation.StringLenBetween(0, 255)},
			"purpose":     {Type: schema.TypeString, Optional: true, Default: "Web Application", ValidateFunc: validation.StringLenBetween(0, 255)},
			"environment": {
				Type: schema.TypeString, Optional: true,
				ValidateFunc: validation.StringInSlice([]string{"development", "staging", "production"}, true),
				DiffSuppressFunc: func(_, old, wanted string, _ *schema.ResourceData) bool {
					return strings.EqualFold(old, wanted)
				},
			},
			"is_default": {Type: schema.TypeBool, Optional: true, Default: false},
			"resources":  {Type: schema.TypeSet, Optional: true, Computed: true, Elem: &schema.Schema{Type: schema.TypeString}},
			"owner_uuid": {Type: schema.TypeString, Computed: true},
			"owner_id":   {Type: schema.TypeInt, Computed: true},
			"created_at": {Type: schema.TypeString, Computed: true},
			"updated_at": {Type: schema.TypeString, Computed: true},
		},
	}
}

func createProject(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	project, _, err := c.Projects.Create(ctx, &godo.CreateProjectRequest{
		Name: d.Get("name").(string), Description: d.Get("description").(string),
		Purpose: d.Get("purpose").(string), Environment: d.Get("environment").(string),
	})
	if err != nil {
		return diag.Errorf("Error creating Project: %s", err)
	}
	if project == nil {
		return diag.FromErr(missing("project"))
	}
	d.SetId(project.ID)
	if urns := stringsOf(d.Get("resources")); len(urns) > 0 {
		if err := c.moveTo(ctx, project.ID, urns); err != nil {
			return diag.Errorf("Error creating Project: %s", err)
		}
	}
	if d.Get("is_default").(bool) {
		if _, _, err := c.Projects.Update(ctx, project.ID, &godo.UpdateProjectRequest{IsDefault: true}); err != nil {
			return diag.Errorf("Error setting project as default: %s", err)
		}
	}
	return readProject(ctx, d, m)
}

func readProject(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	project, resp, err := c.Projects.Get(ctx, d.Id())
	if notFound(resp) {
		d.SetId("")
		return nil
	}
	if err != nil {
		return diag.Errorf("Error reading Project: %s", err)
	}
	if project == nil {
		return diag.FromErr(missing("project"))
	}
	urns, err := c.projectURNs(ctx, d.Id())
	if err != nil {
		return diag.Errorf("Error reading Project: %s", err)
	}
	return diag.FromErr(setAll(d, map[string]any{
		"name": project.Name, "description": project.Description, "environment": project.Environment,
		"purpose":    strings.TrimPrefix(project.Purpose, "Other: "),
		"is_default": project.IsDefault, "owner_uuid": project.OwnerUUID, "owner_id": int(project.OwnerID),
		"created_at": project.CreatedAt, "updated_at": project.UpdatedAt, "resources": urns,
	}))
}

func (c *cloud) projectURNs(ctx context.Context, project string) ([]string, error) {
	resources, err := listAll(func(o *godo.ListOptions) ([]godo.ProjectResource, *godo.Response, error) {
		return c.Projects.ListResources(ctx, project, o)
	})
	if err != nil {
		return nil, err
	}
	urns := make([]string, 0, len(resources))
	for _, r := range resources {
		urns = append(urns, r.URN)
	}
	return urns, nil
}

func (c *cloud) moveTo(ctx context.Context, project string, urns []string) error {
	resources := make([]any, 0, len(urns))
	for _, urn := range urns {
		resources = append(resources, urn)
	}
	if _, _, err := c.Projects.AssignResources(ctx, project, resources...); err != nil {
		return fmt.Errorf("assigning resources: %w", err)
	}
	return nil
}

// release moves resources to the default project: there is no such thing as a resource without one.
func (c *cloud) release(ctx context.Context, urns []string) error {
	standard, _, err := c.Projects.GetDefault(ctx)
	if err != nil {
		return fmt.Errorf("locating the default project: %w", err)
	}
	if standard == nil {
		return missing("project")
	}
	return c.moveTo(ctx, standard.ID, urns)
}

// changeResources moves out what is no longer configured, then moves in what is new.
func (c *cloud) changeResources(ctx context.Context, d *schema.ResourceData, project string) error {
	before, after := d.GetChange("resources")
	old, wanted := before.(*schema.Set), after.(*schema.Set)
	if out := stringsOf(old.Difference(wanted)); len(out) > 0 {
		if err := c.release(ctx, out); err != nil {
			return err
		}
	}
	if in := stringsOf(wanted.Difference(old)); len(in) > 0 {
		return c.moveTo(ctx, project, in)
	}
	return nil
}

func updateProject(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	if d.HasChanges("name", "description", "purpose", "environment", "is_default") {
		_, _, err := c.Projects.Update(ctx, d.Id(), &godo.UpdateProjectRequest{
			Name: d.Get("name"), Description: d.Get("description"), Purpose: d.Get("purpose"),
			Environment: d.Get("environment"), IsDefault: d.Get("is_default"),
		})
		if err != nil {
			return diag.Errorf("Error updating Project: %s", err)
		}
	}
	if d.HasChange("resources") {
		if err := c.changeResources(ctx, d, d.Id()); err != nil {
			return diag.Errorf("Error updating Project: %s", err)
		}
	}
	return readProject(ctx, d, m)
}

func deleteProject(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	if urns := stringsOf(d.Get("resources")); len(urns) > 0 {
		if err := c.release(ctx, urns); err != nil {
			return diag.Errorf("Error assigning resources to the default project: %s", err)
		}
	}
	err := retry.RetryContext(ctx, d.Timeout(schema.TimeoutDelete), func() *retry.RetryError {
		_, err := c.Projects.Delete(ctx, d.Id())
		if statusOf(err) == http.StatusPreconditionFailed && strings.Contains(err.Error(), "cannot delete a project with resources") {
			return retry.RetryableError(err)
		}
		if err != nil {
			return retry.NonRetryableError(err)
		}
		return nil
	})
	if err != nil {
		return diag.Errorf("Error deleting Project: %s", err)
	}
	return nil
}

func resourceProjectResources() *schema.Resource {
	return &schema.Resource{
		CreateContext: assignProjectResources,
		UpdateContext: assignProjectResources,
		ReadContext:   readProjectResources,
		DeleteContext: deleteProjectResources,
		Importer:      &schema.ResourceImporter{StateContext: schema.ImportStatePassthroughContext},
		Schema: map[string]*schema.Schema{
			"project":   {Type: schema.TypeString, Required: true, ForceNew: true, ValidateFunc: validation.NoZeroValues},
			"resources": {Type: schema.TypeSet, Required: true, Elem: &schema.Schema{Type: schema.TypeString}},
		},
	}
}

func assignProjectResources(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	id := d.Get("project").(string)
	project, resp, err := c.Projects.Get(ctx, id)
	if notFound(resp) {
		d.SetId("")
		return diag.Errorf("project %s does not exist", id)
	}
	if err != nil {
		return diag.Errorf("Error retrieving project: %s", err)
	}
	if project == nil {
		return diag.FromErr(missing("project"))
	}
	if err := c.changeResources(ctx, d, id); err != nil {
		return diag.Errorf("Error assigning resources to project (%s): %s", id, err)
	}
	d.SetId(id)
	return readProjectResources(ctx, d, m)
}

func readProjectResources(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	if _, resp, err := c.Projects.Get(ctx, d.Id()); notFound(resp) {
		d.SetId("")
		return nil
	} else if err != nil {
		return diag.Errorf("Error retrieving project: %s", err)
	}
	there, err := c.projectURNs(ctx, d.Id())
	if err != nil {
		return diag.Errorf("Error loading project resources: %s", err)
	}
	// Others may put things into the same project: only our own are looked for.
	var mine []string
	for _, urn := range stringsOf(d.Get("resources")) {
		if contains(there, urn) {
			mine = append(mine, urn)
		}
	}
	return diag.FromErr(setAll(d, map[string]any{"project": d.Id(), "resources": mine}))
}

func deleteProjectResources(ctx context.Context, d *schema.ResourceData, m any) diag.Diagnostics {
	c := m.(*cloud)
	if _, resp, err := c.Projects.Get(ctx, d.Id()); notFound(resp) {
		return nil
	} else if err != nil {
		return diag.Errorf("Error retrieving project: %s", err)
	}
	if urns := stringsOf(d.Get("resources")); len(urns) > 0 {
		if err := c.release(ctx, urns); err != nil {
			return diag.Errorf("Error assigning resources to the default project: %s", err)
		}
	}
	return nil
}
