package wire

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Share listens at one more socket, at path, that a person named: for containers and for machines that ssh forwards it to. Its
// folder has to be as safe as the agent's own, and what lies at path is not removed unless it is a socket at which nobody
// answers. Serve and Close it as the agent's own.
func Share(ctx context.Context, path string) (*Listener, error) {
	p, err := Named(path)
	if err != nil {
		return nil, err
	}
	if err := checkShared(path); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	c, err := p.dial(ctx)
	if err == nil {
		return nil, errors.Join(fmt.Errorf("%s: somebody answers there already; choose another path", path), c.Close())
	}
	if !errors.Is(err, ErrNoAgent) {
		return nil, err
	}
	s, err := listenSocket(p)
	if err != nil {
		return nil, err
	}
	return newListener(nil, s), nil
}
