package cluster

import (
	"io"
	"net/http"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/authentication/user"
)

// maxReview is the most a review request may hold.
const maxReview = 1 << 16

// whoAmI serves SelfSubjectReview: kubectl auth whoami. Its body says nothing.
func whoAmI(w http.ResponseWriter, _ *http.Request, who user.Info) error {
	writeJSON(w, http.StatusCreated, authenticationv1.SelfSubjectReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "authentication.k8s.io/v1", Kind: "SelfSubjectReview"},
		Status: authenticationv1.SelfSubjectReviewStatus{
			UserInfo: authenticationv1.UserInfo{Username: who.GetName(), UID: who.GetUID(), Groups: who.GetGroups()},
		},
	})
	return nil
}

// canI serves SelfSubjectAccessReview: kubectl auth can-i. The body may be JSON or protobuf, the answer is JSON.
func canI(w http.ResponseWriter, r *http.Request, who user.Info) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReview))
	if err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	scheme := runtime.NewScheme()
	if err := authorizationv1.AddToScheme(scheme); err != nil {
		return err
	}
	var review authorizationv1.SelfSubjectAccessReview
	decoder := serializer.NewCodecFactory(scheme).UniversalDeserializer()
	if _, _, err := decoder.Decode(body, nil, &review); err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	review.TypeMeta = metav1.TypeMeta{APIVersion: "authorization.k8s.io/v1", Kind: "SelfSubjectAccessReview"}
	if asked := review.Spec.ResourceAttributes; asked != nil {
		_, served := kinds()[asked.Resource]
		review.Status.Allowed = served && asked.Group == "" && allowed(who, asked.Verb, asked.Resource)
	}
	writeJSON(w, http.StatusCreated, review)
	return nil
}
