package cluster

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/user"
)

// kinds are the readable resources.
func kinds() map[string]string {
	return map[string]string{"namespaces": "Namespace", "pods": "Pod", "secrets": "Secret"}
}

// reading is a get, list or watch.
type reading struct {
	resource, namespace, name string          // "": all namespaces, all names
	fields                    fields.Selector // on metadata.name and metadata.namespace
	asTable                   bool
	store                     *store
}

// read serves get, list and watch of namespaces, pods and secrets.
func (c *Cluster) read(w http.ResponseWriter, r *http.Request, who user.Info) error {
	query := r.URL.Query()
	selector, err := fields.ParseSelector(query.Get("fieldSelector"))
	if err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	read := reading{
		resource:  cmp.Or(r.PathValue("resource"), "namespaces"),
		namespace: r.PathValue("namespace"),
		name:      r.PathValue("name"),
		fields:    selector,
		asTable:   strings.Contains(r.Header.Get("Accept"), "as=Table"),
		store:     c.store,
	}
	if kinds()[read.resource] == "" {
		return noSuchPath(r)
	}
	verb := "list"
	watching, _ := strconv.ParseBool(query.Get("watch"))
	switch {
	case read.name != "":
		verb = "get"
	case watching:
		verb = "watch"
	}
	if !allowed(who, verb, read.resource) {
		return forbidden(who, verb, read)
	}
	switch verb {
	case "get":
		return read.get(w)
	case "watch":
		c.counts.watch(+1)
		defer c.counts.watch(-1)
		return read.watch(w, r)
	}
	return read.list(w)
}

func forbidden(who user.Info, verb string, read reading) error {
	where := "at the cluster scope"
	if read.namespace != "" {
		where = `in the namespace "` + read.namespace + `"`
	}
	reason := `User "` + who.GetName() + `" cannot ` + verb + ` resource "` + read.resource + `" in API group "" ` + where
	return apierrors.NewForbidden(schema.GroupResource{Resource: read.resource}, read.name, errorText(reason))
}

type errorText string

func (e errorText) Error() string { return string(e) }

func (read reading) matches(a addition) bool {
	o := a.object
	return a.resource == read.resource &&
		(read.namespace == "" || read.namespace == o.GetNamespace()) &&
		(read.name == "" || read.name == o.GetName()) &&
		read.fields.Matches(fields.Set{"metadata.name": o.GetName(), "metadata.namespace": o.GetNamespace()})
}

// objects returns those of additions that read asks for; never nil, as its JSON must be [].
func (read reading) objects(additions []addition) []object {
	found := []object{}
	for _, a := range additions {
		if read.matches(a) {
			found = append(found, a.object)
		}
	}
	return found
}

func (read reading) get(w http.ResponseWriter) error {
	all, now, _ := read.store.since(0)
	found := read.objects(all)
	if len(found) == 0 {
		return apierrors.NewNotFound(schema.GroupResource{Resource: read.resource}, read.name)
	}
	if read.asTable {
		writeJSON(w, http.StatusOK, table(read.resource, strconv.FormatUint(now, 10), found[:1]))
		return nil
	}
	writeJSON(w, http.StatusOK, found[0])
	return nil
}

// list is a Kubernetes list of any kind.
type list struct {
	metav1.TypeMeta
	metav1.ListMeta `json:"metadata"`
	Items           []object `json:"items"`
}

func (read reading) list(w http.ResponseWriter) error {
	all, now, _ := read.store.since(0)
	version := strconv.FormatUint(now, 10)
	if read.asTable {
		writeJSON(w, http.StatusOK, table(read.resource, version, read.objects(all)))
		return nil
	}
	writeJSON(w, http.StatusOK, list{
		metav1.TypeMeta{APIVersion: "v1", Kind: kinds()[read.resource] + "List"},
		metav1.ListMeta{ResourceVersion: version},
		read.objects(all),
	})
	return nil
}

// watchEvent is one line of a watch's answer.
type watchEvent struct {
	Type   string `json:"type"`
	Object any    `json:"object"`
}

// watch sends what was added after the request's resourceVersion and then what is added, until the client goes, its
// timeoutSeconds have passed, or the server closes. As with the real one, the token's end does not cut it.
func (read reading) watch(w http.ResponseWriter, r *http.Request) error {
	version, err := strconv.ParseUint(cmp.Or(r.URL.Query().Get("resourceVersion"), "0"), 10, 64)
	if err != nil {
		return apierrors.NewBadRequest("resourceVersion: " + err.Error())
	}
	end := timeout(r.URL.Query().Get("timeoutSeconds"))
	w.Header().Set("Content-Type", "application/json")
	encoder, flush := json.NewEncoder(w), http.NewResponseController(w).Flush
	for {
		additions, now, next := read.store.since(version)
		version = now
		for _, o := range read.objects(additions) {
			event := watchEvent{Type: "ADDED", Object: o}
			if read.asTable {
				event.Object = table(read.resource, o.GetResourceVersion(), []object{o})
			}
			if err := encoder.Encode(event); err != nil {
				return nil //nolint:nilerr // the client has gone
			}
		}
		if err := flush(); err != nil {
			return nil //nolint:nilerr // the client has gone
		}
		select {
		case <-next:
		case <-end:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
}

// timeout returns a channel that is ready after so many seconds: never, if the text is no positive number.
func timeout(seconds string) <-chan time.Time {
	n, err := strconv.Atoi(seconds)
	if err != nil || n <= 0 {
		return nil
	}
	return time.After(time.Duration(n) * time.Second)
}
