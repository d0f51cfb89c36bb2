package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Kinds of records.
const (
	kindPut = "put"
	kindGet = "get"
	kindCAS = "cas"
	// kindWatchOpen is the start of a client's watch: Key is the prefix, Revision the first revision that it must show.
	kindWatchOpen = "watch-open"
	// kindWatchEvent is one event: Key, Found and FoundRevision are its content, End its time of arrival.
	kindWatchEvent = "watch-event"
	// kindWatchGap: revisions from Expected to Revision, exclusive, were compacted before the watch showed them.
	kindWatchGap = "watch-gap"
	// kindWatchClose is its end: Revision is the prefix's newest then; OK if the watch has shown everything up to it.
	kindWatchClose = "watch-close"
	// kindFinal begins a dump of the final state: Key is the prefix, Revision the store's.
	kindFinal = "final"
	// kindFinalKey is one key of the dump: Key, Found, FoundRevision.
	kindFinalKey = "final-key"
)

// Record is one line of a history. Times are nanoseconds of CLOCK_REALTIME, so that the histories of several clients on
// one machine can be combined.
type Record struct {
	Client string `json:"client"`
	Kind   string `json:"kind"`
	Key    string `json:"key"`
	// Value is the value of a write; no two writes have the same.
	Value string `json:"value,omitempty"`
	// Found is the value that a read, or a swap with a failed comparison, found; FoundRevision is its modification
	// revision, 0 if the key did not exist.
	Found         string `json:"found,omitempty"`
	FoundRevision int64  `json:"foundRevision,omitempty"`
	// Expected is the modification revision that a swap compared with.
	Expected int64 `json:"expected,omitempty"`
	Swapped  bool  `json:"swapped,omitempty"`
	// Revision is a write's own revision or, for a read, the store's at the answer.
	Revision int64 `json:"revision,omitempty"`
	// Due is when the operation was due by the schedule; it differs from Start once -max-in-flight is reached.
	Due   int64 `json:"due,omitempty"`
	Start int64 `json:"start,omitempty"`
	End   int64 `json:"end,omitempty"`
	OK    bool  `json:"ok"`
	// Error is the class of the last attempt's error; see errorClass.
	Error string `json:"error,omitempty"`
	// Unknown marks a write that failed but may be applied nevertheless, now or later.
	Unknown  bool `json:"unknown,omitempty"`
	Attempts int  `json:"attempts,omitempty"`
	// Endpoint of the last attempt. Empty in naive mode, where clientv3 chooses.
	Endpoint string `json:"endpoint,omitempty"`
}

func (r Record) isOperation() bool {
	return r.Kind == kindPut || r.Kind == kindGet || r.Kind == kindCAS
}

// isWrite tells whether the operation may have changed its key.
func (r Record) isWrite() bool {
	return r.Kind == kindPut || r.Kind == kindCAS && (r.Swapped || !r.OK)
}

// flushEvery bounds the delay of records in the file; readers rely on at most 200 ms.
const flushEvery = 100 * time.Millisecond

// recorder appends records to a file from any goroutine.
type recorder struct {
	mu     sync.Mutex
	file   *os.File
	buffer *bufio.Writer
	err    error
	stop   chan struct{}
	done   chan struct{}
}

func newRecorder(path string) (*recorder, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	r := &recorder{file: file, buffer: bufio.NewWriter(file), stop: make(chan struct{}), done: make(chan struct{})}
	go r.flush()
	return r, nil
}

func (r *recorder) add(record Record) {
	line, err := json.Marshal(record)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		_, err = r.buffer.Write(append(line, '\n'))
	}
	r.err = errors.Join(r.err, err)
}

func (r *recorder) flush() {
	defer close(r.done)
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-ticker.C:
			r.mu.Lock()
			// A bufio.Writer keeps its first error; close reports it.
			_ = r.buffer.Flush()
			r.mu.Unlock()
		}
	}
}

func (r *recorder) close() error {
	close(r.stop)
	<-r.done
	return errors.Join(r.err, r.buffer.Flush(), r.file.Close())
}

// readRecords reads a history. An incomplete last line, from a killed client, is left out.
func readRecords(path string) ([]Record, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var records []Record
	reader := bufio.NewReader(file)
	for number := 1; ; number++ {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var record Record
		if err := json.Unmarshal(line, &record); err != nil {
			return nil, fmt.Errorf("%s:%d: not a record of \"workload run\": %w", path, number, err)
		}
		records = append(records, record)
	}
}
