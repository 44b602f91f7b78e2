package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/user"
)

// endpoint answers a request of who, whose token was good. An error means that nothing was written yet, and becomes the answer.
type endpoint func(w http.ResponseWriter, r *http.Request, who user.Info) error

// handler routes requests. All but health checks need a good token.
func (c *Cluster) handler() http.Handler {
	mux := http.NewServeMux()
	for _, path := range []string{"/healthz", "/livez", "/readyz"} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	}
	for path, document := range discovery() {
		mux.Handle("GET "+path, c.guard(func(w http.ResponseWriter, _ *http.Request, _ user.Info) error {
			writeJSON(w, http.StatusOK, document)
			return nil
		}))
	}
	mux.Handle("POST /apis/authentication.k8s.io/v1/selfsubjectreviews", c.guard(whoAmI))
	mux.Handle("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", c.guard(canI))
	mux.Handle("GET /api/v1/{resource}", c.guard(c.read))
	mux.Handle("GET /api/v1/namespaces/{namespace}/{resource}", c.guard(c.read))
	mux.Handle("GET /api/v1/namespaces/{namespace}/{resource}/{name}", c.guard(c.read))
	mux.Handle("GET /api/v1/namespaces/{name}", c.guard(c.read)) // a namespace itself
	mux.Handle("/", c.guard(func(_ http.ResponseWriter, r *http.Request, _ user.Info) error { return noSuchPath(r) }))
	return mux
}

func noSuchPath(r *http.Request) error {
	return apierrors.NewGenericServerResponse(http.StatusNotFound, r.Method, schema.GroupResource{}, "", "the demo's API server does not serve "+r.URL.Path, 0, true)
}

// guard counts a request and lets it through to f if its token is good.
func (c *Cluster) guard(f endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.counts.request()
		err := error(apierrors.NewUnauthorized("Unauthorized"))
		if who := c.authenticate(r); who != nil {
			err = f(w, r, who)
		}
		if err == nil {
			return
		}
		var status apierrors.APIStatus
		if !errors.As(err, &status) {
			err = apierrors.NewInternalError(err)
			errors.As(err, &status)
		}
		answer := status.Status()
		answer.Kind, answer.APIVersion = "Status", "v1"
		c.counts.refusal(int(answer.Code))
		writeJSON(w, int(answer.Code), answer)
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // fails only when the client has gone
}
