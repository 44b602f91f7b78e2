// Command empty does nothing: what the start of a Go program costs, to compare with.
package main

func main() {}
