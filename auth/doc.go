// Package auth is the life of sessions. A pure function, step, takes a session through events; one goroutine, the keeper,
// owns all sessions, runs what step asks for, and publishes an immutable Snapshot after each change. Nothing outside this
// package sees a refresh token.
package auth
