// Package wire is what the two programs share: where the agent's socket lies, who may talk over it, the lock that makes one
// agent a person, and the messages.
//
// A client sends one [Request] and reads a stream of [Event], the last of which is [Done]. Messages are lines of JSON. They
// carry a version, and fields are only ever added: either side ignores what it does not know, so that an old client and a
// new agent understand each other and the other way round.
//
// Both sides check who is at the other end before the first byte: the kernel says which user it is, and only the same user
// is talked to. Everything that arrives has a limit in size and in time, and what goes over it ends that connection only.
//
// Every kubectl call pays for the initialization of what is imported here, so it is the standard library's small half.
package wire

import (
	"errors"
	"time"
)

// Version is the version of the messages this program writes.
const Version = 1

var (
	// ErrNoAgent: nothing listens at this place.
	ErrNoAgent = errors.New("kubecreds is not running")
	// ErrRunning: another agent of this person listens already.
	ErrRunning = errors.New("kubecreds is running already")
	// ErrNotOurs: the folder, or the process at the other end, belongs to somebody else or is open to others. Wrapped with
	// which, and what to do.
	ErrNotOurs = errors.New("not safe to use")
	// ErrNoAnswer: the client has nobody to ask.
	ErrNoAnswer = errors.New("nobody answers")
	// ErrProtocol: the other end does not speak this protocol, or spoke out of turn.
	ErrProtocol = errors.New("the other end of the socket does not speak kubecreds' language")
)

// What bounds a connection.
const (
	maxRequest     = 2 << 20         // bytes of a request's line, which may hold a file of 1 MiB
	maxReply       = 64 << 10        // bytes of the line that answers a question
	maxEvent       = 1 << 20         // bytes of an event's line
	requestTimeout = 5 * time.Second // from the connection to its request
	writeTimeout   = 5 * time.Second // for one line to be taken by the other end
	maxWaiting     = 256             // connections whose request has not arrived
	maxRunning     = 256             // requests under way
	busyTimeout    = 5 * time.Second // how long a request waits for one of those to end
)
