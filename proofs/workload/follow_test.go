package main

import "testing"

func TestPlaceOfAnEndpoint(t *testing.T) {
	at := func(ms int) *endpoint { return &endpoint{distance: milliseconds(ms)} }
	order := []*endpoint{at(1), at(80), at(170), {distance: unmeasured}}
	for _, one := range []struct {
		name     string
		endpoint *endpoint
		place    int
	}{
		{"as near as the first, within chance", at(0), 1},
		{"between two", at(100), 2},
		{"the farthest that was measured", at(300), 3},
		{"not measured", &endpoint{distance: unmeasured}, 4},
	} {
		if place := one.endpoint.placeIn(order); place != one.place {
			t.Errorf("%s: place %d, expected %d", one.name, place, one.place)
		}
	}
	if place := at(0).placeIn([]*endpoint{at(80)}); place != 0 {
		t.Errorf("clearly nearer than all: place %d, expected 0", place)
	}
}
