// Package kubeconfig finds clusters in kubeconfig files, and plans and applies changes to the entries that are ours:
// those that carry our extension, which survives kubectl.
//
// client-go is the judge: it reads every file, and it reads every result before that is written. YAML nodes only locate;
// the writer replaces bytes, so that comments, blank lines, order, unknown fields, anchors, line ends and other people's
// entries stay as they are. What it does not understand it refuses, with the file and the line, and writes nothing.
//
// Two writers lose nothing of each other: a change is planned again under the lock kubectl itself uses (FILE.lock), and
// becomes the file by a rename.
package kubeconfig
