package main

import (
	"context"
	"path/filepath"

	"github.com/kubecreds/kubecreds/demo/shots"
)

// picture keeps a picture of a part of the screen, under the next number and name.
func (j *journey) picture(ctx context.Context, name string, of shots.Part) error {
	if err := shots.Aside(ctx); err != nil {
		return err
	}
	_, err := shots.Take(ctx, name, of)
	return err
}

// menuPicture opens the menu with the mouse, goes to the row that holds text, and to the row below of its submenu if one is
// named, keeps a picture, and closes the menu.
func (j *journey) menuPicture(ctx context.Context, name, text string, below ...string) error {
	if err := shots.Point(ctx, text, below...); err != nil {
		return err
	}
	open, err := shots.Menus(ctx)
	if err != nil {
		return err
	}
	if _, err := shots.Take(ctx, name, open); err != nil {
		return err
	}
	return shots.CloseMenu(ctx, patience, len(below))
}

// sheet makes index.png: all pictures at a glance, with their names where there is a font to write them in.
func (j *journey) sheet(ctx context.Context) error {
	files, err := filepath.Glob(filepath.Join(j.pictures, "[0-9]*.png"))
	if err != nil {
		return err
	}
	return shots.Sheet(ctx, filepath.Join(j.pictures, "index.png"), 3, "520x300", files)
}
