// SPDX-License-Identifier: Apache-2.0
// usage: compose [-p NAME] [--profile NAME]… [--env-file FILE]… [-f FILE]…
//
// Loads a project as the Compose Specification's own loader does and prints what it is as JSON: its
// services, each with what a container is made of, in one order. tests/oracle/compose.py compares that with
// what i2kit reads. Exit status 1: the loader refuses it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/sirupsen/logrus"
)

type object = map[string]any

func seconds(duration *types.Duration) any {
	if duration == nil {
		return nil
	}
	return time.Duration(*duration).Milliseconds()
}

func environment(values types.MappingWithEquals) object {
	result := object{}
	for key, value := range values {
		if value != nil {
			result[key] = *value
		}
	}
	return result
}

func mounts(service types.ServiceConfig) []any {
	result := []any{}
	for _, volume := range service.Volumes {
		item := object{"type": volume.Type, "source": volume.Source, "target": volume.Target, "read_only": volume.ReadOnly}
		if volume.Volume != nil {
			item["subpath"] = volume.Volume.Subpath
			item["nocopy"] = volume.Volume.NoCopy
		}
		if volume.Image != nil {
			item["image_subpath"] = volume.Image.SubPath
		}
		if volume.Tmpfs != nil {
			item["size"] = int64(volume.Tmpfs.Size)
		}
		result = append(result, item)
	}
	return result
}

func ports(service types.ServiceConfig) []any {
	lines := []string{}
	for _, port := range service.Ports {
		lines = append(lines, fmt.Sprintf("%s:%s:%d/%s", port.HostIP, port.Published, port.Target, port.Protocol))
	}
	sort.Strings(lines)
	result := []any{}
	for _, line := range lines {
		result = append(result, line)
	}
	return result
}

func files(service []types.FileReferenceConfig) []any {
	result := []any{}
	for _, file := range service {
		item := object{"source": file.Source, "target": file.Target}
		if file.Mode != nil {
			item["mode"] = int64(*file.Mode)
		}
		result = append(result, item)
	}
	return result
}

func health(service types.ServiceConfig) any {
	check := service.HealthCheck
	if check == nil {
		return nil
	}
	return object{"test": check.Test, "interval": seconds(check.Interval), "timeout": seconds(check.Timeout),
		"start_period": seconds(check.StartPeriod), "retries": check.Retries, "disable": check.Disable}
}

func build(service types.ServiceConfig) any {
	if service.Build == nil {
		return nil
	}
	from := service.Build
	return object{"context": from.Context, "dockerfile": from.Dockerfile, "inline": from.DockerfileInline,
		"target": from.Target, "args": environment(from.Args), "labels": from.Labels, "tags": from.Tags,
		"contexts": from.AdditionalContexts, "platforms": from.Platforms, "cache_from": from.CacheFrom}
}

func develop(service types.ServiceConfig) []any {
	result := []any{}
	if service.Develop == nil {
		return result
	}
	for _, rule := range service.Develop.Watch {
		result = append(result, object{"action": rule.Action, "path": rule.Path, "target": rule.Target,
			"ignore": rule.Ignore, "include": rule.Include, "initial_sync": rule.InitialSync,
			"command": rule.Exec.Command, "user": rule.Exec.User, "privileged": rule.Exec.Privileged,
			"working_dir": rule.Exec.WorkingDir, "environment": environment(rule.Exec.Environment)})
	}
	return result
}

func limits(service types.ServiceConfig) object {
	result := object{"cpus": fmt.Sprintf("%.3f", service.CPUS), "memory": int64(service.MemLimit),
		"reservation": int64(service.MemReservation), "shm": int64(service.ShmSize), "pids": service.PidsLimit}
	if service.Deploy != nil && service.Deploy.Resources.Limits != nil {
		limits := service.Deploy.Resources.Limits
		result["deploy_cpus"] = fmt.Sprintf("%.3f", limits.NanoCPUs.Value())
		result["deploy_memory"] = int64(limits.MemoryBytes)
	}
	return result
}

func networks(service types.ServiceConfig) object {
	result := object{}
	for name, network := range service.Networks {
		aliases := []string{}
		if network != nil {
			aliases = append(aliases, network.Aliases...)
		}
		result[name] = aliases
	}
	return result
}

func describe(service types.ServiceConfig) object {
	depends := object{}
	for name, on := range service.DependsOn {
		depends[name] = object{"condition": on.Condition, "restart": on.Restart, "required": on.Required}
	}
	configs, secrets := []types.FileReferenceConfig{}, []types.FileReferenceConfig{}
	for _, item := range service.Configs {
		configs = append(configs, types.FileReferenceConfig(item))
	}
	for _, item := range service.Secrets {
		secrets = append(secrets, types.FileReferenceConfig(item))
	}
	ulimits := object{}
	for name, limit := range service.Ulimits {
		if limit.Single != 0 {
			ulimits[name] = []int{limit.Single, limit.Single}
		} else {
			ulimits[name] = []int{limit.Soft, limit.Hard}
		}
	}
	return object{"image": service.Image, "command": service.Command, "entrypoint": service.Entrypoint,
		"environment": environment(service.Environment), "ports": ports(service), "mounts": mounts(service),
		"depends_on": depends, "health": health(service), "restart": service.Restart, "user": service.User,
		"working_dir": service.WorkingDir, "hostname": service.Hostname, "labels": service.Labels,
		"networks": networks(service), "network_mode": service.NetworkMode, "limits": limits(service),
		"replicas": service.GetScale(), "build": build(service), "develop": develop(service), "configs": files(configs), "secrets": files(secrets),
		"cap_add": service.CapAdd, "cap_drop": service.CapDrop, "privileged": service.Privileged,
		"read_only": service.ReadOnly, "tmpfs": service.Tmpfs, "expose": service.Expose, "sysctls": service.Sysctls,
		"extra_hosts": service.ExtraHosts, "dns": service.DNS, "dns_search": service.DNSSearch, "dns_opt": service.DNSOpts,
		"ulimits": ulimits, "stop_signal": service.StopSignal, "stop_grace_ms": seconds(service.StopGracePeriod),
		"stdin_open": service.StdinOpen, "tty": service.Tty, "init": service.Init, "pull_policy": service.PullPolicy,
		"platform": service.Platform, "group_add": service.GroupAdd, "container_name": service.ContainerName,
		"security_opt": service.SecurityOpt}
}

func main() {
	var paths, profiles, envFiles []string
	name := ""
	for i := 1; i+1 < len(os.Args); i += 2 {
		switch value := os.Args[i+1]; os.Args[i] {
		case "-f":
			paths = append(paths, value)
		case "-p":
			name = value
		case "--profile":
			profiles = append(profiles, value)
		case "--env-file":
			envFiles = append(envFiles, value)
		}
	}
	logrus.SetOutput(os.Stderr)
	options, err := cli.NewProjectOptions(paths, cli.WithOsEnv, cli.WithEnvFiles(envFiles...), cli.WithDotEnv,
		cli.WithConfigFileEnv, cli.WithDefaultConfigPath, cli.WithDefaultProfiles(profiles...), cli.WithName(name))
	if err == nil {
		var project *types.Project
		if project, err = options.LoadProject(context.Background()); err == nil {
			services := object{}
			for key, service := range project.Services {
				services[key] = describe(service)
			}
			volumes, internal := object{}, object{}
			for key, volume := range project.Volumes {
				volumes[key] = object{"name": volume.Name, "external": bool(volume.External)}
			}
			for key, network := range project.Networks {
				internal[key] = network.Internal
			}
			text, _ := json.MarshalIndent(object{"name": project.Name, "services": services, "volumes": volumes, "networks": internal}, "", " ")
			fmt.Println(string(text))
			return
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
