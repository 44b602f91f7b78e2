//go:build !windows

package main

// obeyEscapes is for Windows: terminals do.
func obeyEscapes() {}

// joinConsole is for Windows: a terminal is everybody's.
func joinConsole() {}
