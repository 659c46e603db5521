module stowage/kubernetes

go 1.22.0

require (
	k8s.io/api v0.31.3
	sigs.k8s.io/yaml v1.4.0
)
