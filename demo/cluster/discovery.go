package cluster

import (
	"runtime"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
)

// discovery is what is served, by path. Aggregated discovery is not; kubectl falls back.
func discovery() map[string]any {
	authentication, authorization := group("authentication.k8s.io"), group("authorization.k8s.io")
	read := metav1.Verbs{"get", "list", "watch"}
	create := metav1.Verbs{"create"}
	return map[string]any{
		"/version": version.Info{
			Major: "1", Minor: "37", GitVersion: "v1.37.2", GitTreeState: "clean", BuildDate: "1970-01-01T00:00:00Z",
			GoVersion: runtime.Version(), Compiler: runtime.Compiler, Platform: runtime.GOOS + "/" + runtime.GOARCH,
		},
		"/api": metav1.APIVersions{
			TypeMeta: metav1.TypeMeta{Kind: "APIVersions"},
			Versions: []string{"v1"},
		},
		"/apis": metav1.APIGroupList{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "APIGroupList"},
			Groups:   []metav1.APIGroup{authentication, authorization},
		},
		"/apis/authentication.k8s.io": authentication,
		"/apis/authorization.k8s.io":  authorization,
		"/api/v1": resources("v1",
			metav1.APIResource{Name: "namespaces", SingularName: "namespace", Kind: "Namespace", Verbs: read, ShortNames: []string{"ns"}},
			metav1.APIResource{Name: "pods", SingularName: "pod", Kind: "Pod", Namespaced: true, Verbs: read, ShortNames: []string{"po"}},
			metav1.APIResource{Name: "secrets", SingularName: "secret", Kind: "Secret", Namespaced: true, Verbs: read},
		),
		"/apis/authentication.k8s.io/v1": resources("authentication.k8s.io/v1",
			metav1.APIResource{Name: "selfsubjectreviews", SingularName: "selfsubjectreview", Kind: "SelfSubjectReview", Verbs: create},
		),
		"/apis/authorization.k8s.io/v1": resources("authorization.k8s.io/v1",
			metav1.APIResource{Name: "selfsubjectaccessreviews", SingularName: "selfsubjectaccessreview", Kind: "SelfSubjectAccessReview", Verbs: create},
		),
	}
}

func group(name string) metav1.APIGroup {
	v1 := metav1.GroupVersionForDiscovery{GroupVersion: name + "/v1", Version: "v1"}
	return metav1.APIGroup{
		TypeMeta:         metav1.TypeMeta{APIVersion: "v1", Kind: "APIGroup"},
		Name:             name,
		Versions:         []metav1.GroupVersionForDiscovery{v1},
		PreferredVersion: v1,
	}
}

func resources(groupVersion string, all ...metav1.APIResource) metav1.APIResourceList {
	return metav1.APIResourceList{
		TypeMeta:     metav1.TypeMeta{APIVersion: "v1", Kind: "APIResourceList"},
		GroupVersion: groupVersion,
		APIResources: all,
	}
}
