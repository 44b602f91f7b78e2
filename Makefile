# kubecreds. `make` alone lists what can be made.

out     := build/out
version := $(shell git describe --always --dirty --tags 2>/dev/null || echo dev)
build    = CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(version) $(1)"
kubectl := v1.37.2
kubectl_ldflags := -s -w -X k8s.io/component-base/version.gitVersion=$(kubectl) -X k8s.io/client-go/pkg/version.gitVersion=$(kubectl)

.PHONY: help build build-e2e kubectl demo test test-hosts test-windows test-clients check fuzz pictures bench clean

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

build: ## kubecreds, kubectl-creds and its completion for kubectl, in build/out/
	$(build) -o $(out)/kubecreds .
	$(build) -o $(out)/kubectl-creds ./kubectl-creds
	install -m 755 kubectl-creds/kubectl_complete-creds $(out)/

build-e2e: # the same with the seams that only tests use, and an older and a newer one, in build/out/e2e/
	$(build) -tags e2e -o $(out)/e2e/kubecreds .
	$(build) -tags e2e -o $(out)/e2e/kubectl-creds ./kubectl-creds
	@for v in v1.0.0 v1.1.0; do \
	  CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$$v" -o $(out)/e2e/$$v/ . ./kubectl-creds || exit 1; \
	done

kubectl: # upstream's kubectl, pinned in demo/, in build/out/ (the first time takes minutes)
	@echo "== kubectl $(kubectl)"
	cd demo && CGO_ENABLED=0 go build -ldflags "$(kubectl_ldflags)" -o ../$(out)/kubectl ./kubectl

demo: ## a provider, two clusters and kubecreds, on your desktop or on a virtual one
	@demo/run

test: ## all tests, end to end ones too; installs what they need
	demo/install-deps desktop
	@echo "== the programs"
	@$(MAKE) --no-print-directory build build-e2e kubectl
	@echo "== tests of the packages"
	go test -race ./...
	@echo "== tests of the demo"
	cd demo && go test -race -timeout 30m $$(go list ./... | grep -v -e /desktop$$ -e /e2e$$)
	@echo "== the virtual desktop, and end to end on it, with the machine to themselves"
	cd demo && go test -race -timeout 60m -p 1 ./desktop ./e2e
	@for test in $(out)/e2e-failed/*; do [ ! -e "$$test" ] || echo "== failed once, and not when it was run again: $$test"; done

test-hosts: ## the tray on another desktop's panel, LXQt's; installs it
	@demo/install-deps hosts
	@$(MAKE) --no-print-directory build kubectl
	cd demo && go test -count=1 -tags hosts -run LXQt ./e2e

test-windows: ## the programs for Windows under wine, which it installs (105 MB): icon, menu, dialog, keychain, kubectl.exe
	@demo/install-deps windows
	@echo "== the programs for Windows"
	@$(MAKE) --no-print-directory build kubectl
	GOOS=windows GOARCH=amd64 $(call build,-H=windowsgui) -o $(out)/windows/kubecreds.exe .
	GOOS=windows GOARCH=amd64 $(call build,-H=windowsgui) -o $(out)/windows/kubectl-credsw.exe ./kubectl-creds
	GOOS=windows GOARCH=amd64 $(build) -o $(out)/windows/kubectl-creds.exe ./kubectl-creds
	cd demo && GOOS=windows GOARCH=amd64 CGO_ENABLED=0 go build -ldflags "$(kubectl_ldflags)" -o ../$(out)/windows/kubectl.exe ./kubectl
	cd tools && go run ./wineprng >../$(out)/windows/bcryptprimitives.dll
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 demo/on-windows go test -exec wine ./auth/... ./desktop/... ./dialogs ./tray/menu
	cd demo && ./on-windows go test -count=1 -tags wine -run Wine ./e2e

test-clients: build kubectl ## Helm and k9s, built from their sources (minutes, the first time), through login, renewal and a session's end
	cd demo/clients && CGO_ENABLED=0 go build -ldflags "-s -w" -o ../../$(out)/clients/ helm.sh/helm/v3/cmd/helm github.com/derailed/k9s
	cd demo && go test -count=1 -tags clients -run 'TestHelm|TestK9s' -v ./socket

check: ## builds and vets for every system, formatting, linter
	tools/check

pictures: shown := $(out)/shown
pictures: version := v1.0.0# or the pictures would change with every commit
pictures: ## icon, menu, dialogs and notifications in every state, light and dark, in docs/pictures/
	@demo/install-deps desktop
	$(build) -tags e2e -o $(shown)/ . ./kubectl-creds
	cd demo && CGO_ENABLED=0 go build -o ../$(shown)/demo-servers ./servers && CGO_ENABLED=0 go build -o ../$(shown)/demo-pictures ./pictures
	demo/desktop/with-desktop --a11y --geometry 1280x1000 --screenshot-dir $(out)/pictures -- $(shown)/demo-pictures --bin $(CURDIR)/$(shown) --to $(CURDIR)/docs/pictures

fuzz: ## every fuzz test on some thousand inputs
	tools/fuzz

bench: ## what a get-token and an idle kubecreds cost, a line a figure
	@demo/install-deps desktop
	@$(MAKE) --no-print-directory build kubectl >&2
	@cd demo && go run ./bench

clean: ## removes what was made
	rm -rf $(out)
