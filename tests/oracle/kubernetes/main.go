// SPDX-License-Identifier: Apache-2.0

// What Kubernetes itself says of manifests: each document is decoded strictly, given its defaults and
// validated as an API server does when it is created. Reads records "SIZE\n" and so many bytes (a YAML
// stream) from standard input; answers each with one line of JSON: {"errors":["…"]}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	podutil "k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/apps"
	appsinstall "k8s.io/kubernetes/pkg/apis/apps/install"
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/batch"
	batchinstall "k8s.io/kubernetes/pkg/apis/batch/install"
	batchvalidation "k8s.io/kubernetes/pkg/apis/batch/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	coreinstall "k8s.io/kubernetes/pkg/apis/core/install"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/networking"
	networkinginstall "k8s.io/kubernetes/pkg/apis/networking/install"
	networkingvalidation "k8s.io/kubernetes/pkg/apis/networking/validation"
)

func init() {
	coreinstall.Install(legacyscheme.Scheme)
	appsinstall.Install(legacyscheme.Scheme)
	batchinstall.Install(legacyscheme.Scheme)
	networkinginstall.Install(legacyscheme.Scheme)
}

// Names and namespaces that an API server gives on creation.
func namespaced(meta interface {
	GetNamespace() string
	SetNamespace(string)
}) {
	if meta.GetNamespace() == "" {
		meta.SetNamespace("default")
	}
}

func validate(object runtime.Object) (found field.ErrorList) {
	// It falls over what defaults or the decoder would have refused: a successPolicy without completions.
	defer func() {
		if why := recover(); why != nil {
			found = field.ErrorList{field.InternalError(field.NewPath("spec"), fmt.Errorf("%v", why))}
		}
	}()
	switch o := object.(type) {
	case *core.Pod:
		namespaced(o)
		return corevalidation.ValidatePodCreate(o, podutil.GetValidationOptionsFromPodSpecAndMeta(&o.Spec, nil, &o.ObjectMeta, nil))
	case *core.Service:
		namespaced(o)
		// An address is given before validation; "" stands for one to come.
		if o.Spec.Type != core.ServiceTypeExternalName && o.Spec.ClusterIP == "" {
			o.Spec.ClusterIP, o.Spec.ClusterIPs = "10.0.0.10", []string{"10.0.0.10"}
		} else if o.Spec.ClusterIP != "" && len(o.Spec.ClusterIPs) == 0 {
			o.Spec.ClusterIPs = []string{o.Spec.ClusterIP}
		}
		if o.Spec.Type != core.ServiceTypeExternalName {
			policy := core.IPFamilyPolicySingleStack
			if o.Spec.IPFamilyPolicy == nil {
				o.Spec.IPFamilyPolicy = &policy
			}
			if len(o.Spec.IPFamilies) == 0 {
				o.Spec.IPFamilies = []core.IPFamily{core.IPv4Protocol}
			}
		}
		return corevalidation.ValidateServiceCreate(o)
	case *core.ConfigMap:
		namespaced(o)
		return corevalidation.ValidateConfigMap(o)
	case *core.Secret:
		namespaced(o)
		return corevalidation.ValidateSecret(o)
	case *core.PersistentVolumeClaim:
		namespaced(o)
		return corevalidation.ValidatePersistentVolumeClaim(o, corevalidation.ValidationOptionsForPersistentVolumeClaimCreate())
	case *core.Namespace:
		return corevalidation.ValidateNamespace(o)
	case *core.ServiceAccount:
		namespaced(o)
		return corevalidation.ValidateServiceAccount(o)
	case *apps.Deployment:
		namespaced(o)
		return appsvalidation.ValidateDeployment(o, podutil.GetValidationOptionsFromPodTemplate(&o.Spec.Template, nil))
	case *apps.StatefulSet:
		namespaced(o)
		return appsvalidation.ValidateStatefulSet(o, podutil.GetValidationOptionsFromPodTemplate(&o.Spec.Template, nil))
	case *apps.DaemonSet:
		namespaced(o)
		return appsvalidation.ValidateDaemonSet(o, podutil.GetValidationOptionsFromPodTemplate(&o.Spec.Template, nil))
	case *apps.ReplicaSet:
		namespaced(o)
		return appsvalidation.ValidateReplicaSet(o, podutil.GetValidationOptionsFromPodTemplate(&o.Spec.Template, nil))
	case *networking.Ingress:
		namespaced(o)
		return networkingvalidation.ValidateIngressCreate(o)
	case *networking.NetworkPolicy:
		namespaced(o)
		return networkingvalidation.ValidateNetworkPolicy(o, networkingvalidation.NetworkPolicyValidationOptions{})
	case *batch.CronJob:
		namespaced(o)
		return batchvalidation.ValidateCronJobCreate(o, podutil.GetValidationOptionsFromPodTemplate(&o.Spec.JobTemplate.Spec.Template, nil))
	case *batch.Job:
		namespaced(o)
		// Without a selector of its own a Job is given one by its uid.
		if o.Spec.Selector == nil {
			labels := map[string]string{"controller-uid": "1"}
			o.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
			if o.Spec.Template.Labels == nil {
				o.Spec.Template.Labels = map[string]string{}
			}
			o.Spec.Template.Labels["controller-uid"] = "1"
			manual := true
			o.Spec.ManualSelector = &manual
		}
		return batchvalidation.ValidateJob(o, batchvalidation.JobValidationOptions{
			PodValidationOptions: podutil.GetValidationOptionsFromPodTemplate(&o.Spec.Template, nil)})
	}
	return field.ErrorList{field.InternalError(field.NewPath("kind"), fmt.Errorf("not validated here: %T", object))}
}

func errorsOf(text []byte) []string {
	found := []string{}
	codecs := serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict)
	reader := yaml.NewYAMLReader(bufio.NewReader(strings.NewReader(string(text))))
	for {
		document, err := reader.Read()
		if err == io.EOF {
			return found
		}
		if err != nil {
			return append(found, err.Error())
		}
		if strings.TrimSpace(string(document)) == "" {
			continue
		}
		object, _, err := codecs.UniversalDecoder().Decode(document, nil, nil)
		if err != nil {
			found = append(found, err.Error())
			if object == nil {
				continue
			}
		}
		for _, problem := range validate(object) {
			found = append(found, problem.Error())
		}
	}
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for {
		head, err := in.ReadString('\n')
		if err != nil {
			return
		}
		size, err := strconv.Atoi(strings.TrimSpace(head))
		if err != nil {
			panic(err)
		}
		text := make([]byte, size)
		if _, err := io.ReadFull(in, text); err != nil {
			panic(err)
		}
		_ = out.Encode(map[string][]string{"errors": errorsOf(text)})
	}
}
