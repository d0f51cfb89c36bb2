package digitalocean

import (
	"context"
	"fmt"
	"time"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/retry"
)

// pace says when to check whether something is done.
type pace struct {
	first time.Duration
	// Either the original's growing intervals (from atLeast, doubling, up to 10 s) or a fixed interval.
	atLeast, every time.Duration
	// How many checks in a row may find a droplet locked.
	hidden int
}

type waits struct {
	ordinary pace // droplets and actions
	peering  pace
}

// Checks at 10, 13, 19, 29, 39 … seconds, and at 5, 10, 20, 30 … for peerings.
var realWaits = waits{
	ordinary: pace{first: 10 * time.Second, atLeast: 3 * time.Second, hidden: 60},
	peering:  pace{first: 5 * time.Second, atLeast: 5 * time.Second, hidden: 60},
}

// The same checks without the long pauses; a droplet may be locked for as long, ten minutes.
var quickWaits = waits{
	ordinary: pace{first: 250 * time.Millisecond, every: 500 * time.Millisecond, hidden: 1200},
	peering:  pace{first: 250 * time.Millisecond, every: 500 * time.Millisecond, hidden: 1200},
}

// until checks until the state is target; a state that is neither pending nor target is an error.
func (p pace) until(ctx context.Context, limit time.Duration, pending []string, target string, look retry.StateRefreshFunc) error {
	w := retry.StateChangeConf{
		Delay: p.first, MinTimeout: p.atLeast, PollInterval: p.every, NotFoundChecks: p.hidden,
		Timeout: limit, Pending: pending, Target: []string{target}, Refresh: look,
	}
	_, err := w.WaitForStateContext(ctx)
	return err
}

// whileRefused repeats a call while its error is temporary, as passes says.
func whileRefused(ctx context.Context, limit time.Duration, passes func(error) bool, call func() error) error {
	return retry.RetryContext(ctx, limit, func() *retry.RetryError {
		err := call()
		switch {
		case err == nil:
			return nil
		case passes(err):
			return retry.RetryableError(err)
		default:
			return retry.NonRetryableError(err)
		}
	})
}

// actionLimit bounds every wait for an action.
const actionLimit = time.Hour

// awaitAction waits for an action that is not on a reserved IP: it is done once it has a completion time, whatever its
// status.
func (c *cloud) awaitAction(ctx context.Context, action *godo.Action) error {
	if action == nil {
		return missing("action")
	}
	return c.waits.ordinary.until(ctx, actionLimit, []string{"new", godo.ActionInProgress}, godo.ActionCompleted,
		func() (any, string, error) {
			a, _, err := c.Actions.Get(ctx, action.ID)
			if err != nil {
				return nil, "", fmt.Errorf("retrieving an action: %w", err)
			}
			if a == nil {
				return nil, "", missing("action")
			}
			switch {
			case a.CompletedAt != nil:
				return a, godo.ActionCompleted, nil
			case a.Status == godo.ActionCompleted:
				// Completed, but without a time: not done.
				return a, godo.ActionInProgress, nil
			default:
				return a, a.Status, nil
			}
		})
}
