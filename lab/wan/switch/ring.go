package main

import (
	"fmt"
	"syscall"
)

// Every packet in flight is in a slot of one mapping outside of Go's heap, and slots are chained by index: packets make
// no garbage, and the collector has no pointers to follow.
const (
	slotSize = 2048
	none     = int32(-1)
)

type slots struct {
	memory []byte
	next   []int32
	length []uint16
	due    []int64
	free   int32
	used   int
}

func newSlots(count int) (*slots, error) {
	memory, err := syscall.Mmap(-1, 0, count*slotSize, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANONYMOUS)
	if err != nil {
		return nil, fmt.Errorf("no memory for %d packets: %w", count, err)
	}
	s := &slots{
		memory: memory,
		next:   make([]int32, count),
		length: make([]uint16, count),
		due:    make([]int64, count),
	}
	// Chained in ascending order and used last-in first-out, so that only as many pages are touched as are needed.
	for i := range s.next {
		s.next[i] = int32(i + 1)
	}
	s.next[count-1] = none
	return s, nil
}

func (s *slots) data(i int32) []byte {
	at := int(i) * slotSize
	return s.memory[at : at+slotSize : at+slotSize]
}

// take returns a free slot, or none.
func (s *slots) take() int32 {
	i := s.free
	if i != none {
		s.free = s.next[i]
		s.used++
	}
	return i
}

func (s *slots) give(i int32) {
	s.next[i] = s.free
	s.free = i
	s.used--
}
