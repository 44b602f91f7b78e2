package tray

import "context"

// Shown reports whether there is a program that shows tray icons. An error says that nobody can tell: there is no session bus.
func Shown(ctx context.Context) (bool, error) {
	conn, err := connect()
	if err != nil {
		return false, err
	}
	defer conn.Close()
	return showsIcons(ctx, conn), nil
}
