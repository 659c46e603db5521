// Reads documents.yaml as Kubernetes' own types, strictly: a field that they don't know, or of another
// type, is an error. What the API server checks of values besides is checked for Indexed Jobs by hand.
package main

import (
	"fmt"
	"os"
	"strings"

	batch "k8s.io/api/batch/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	text, err := os.ReadFile("documents.yaml")
	if err != nil {
		fail(err.Error())
	}
	documents := strings.Split(string(text), "---\n")
	for _, document := range documents {
		var job batch.Job
		if err := yaml.UnmarshalStrict([]byte(document), &job); err != nil {
			fail(err.Error())
		}
		check(job)
	}
	fmt.Printf("%d documents are Jobs that Kubernetes' types read\n", len(documents))
}

func check(job batch.Job) {
	if job.APIVersion != "batch/v1" || job.Kind != "Job" || job.Name == "" {
		fail("this is no named Job of batch/v1")
	}
	if job.Spec.CompletionMode == nil || *job.Spec.CompletionMode != batch.IndexedCompletion {
		fail(job.Name + ": the index of a task needs completionMode Indexed")
	}
	if job.Spec.Completions == nil || (job.Spec.MaxFailedIndexes != nil && job.Spec.BackoffLimitPerIndex == nil) {
		fail(job.Name + ": completions, and backoffLimitPerIndex for maxFailedIndexes, must be given")
	}
	pod := job.Spec.Template.Spec
	if pod.RestartPolicy != "Never" {
		fail(job.Name + ": backoffLimitPerIndex needs restartPolicy Never")
	}
	volumes := map[string]bool{}
	for _, volume := range pod.Volumes {
		volumes[volume.Name] = true
	}
	for _, container := range pod.Containers {
		for _, mount := range container.VolumeMounts {
			if !volumes[mount.Name] {
				fail(job.Name + ": there is no volume " + mount.Name)
			}
		}
	}
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(1)
}
