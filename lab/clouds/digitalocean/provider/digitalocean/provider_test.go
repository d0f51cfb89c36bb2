package digitalocean

import "testing"

func TestSchemasAreSound(t *testing.T) {
	if err := Provider().InternalValidate(); err != nil {
		t.Fatal(err)
	}
}
