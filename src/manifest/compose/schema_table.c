/* SPDX-License-Identifier: Apache-2.0 */
/* Made by scripts/compose-schema 2.14.0; not to be edited. */
/* clang-format off */
#include "manifest/compose/schema.h"

const struct compose_type compose_types[] = {
	{"blkio_limit",
	 "path:s rate:i/s",
	 "", false},
	{"blkio_weight",
	 "path:s weight:i/s",
	 "", false},
	{"compose",
	 "configs:<@config include:[|compose.include[]? models:<@model name:s "
	 "networks:<|compose.networks.NAME? secrets:<@secret services:<@service version:s "
	 "volumes:<|compose.volumes.NAME?",
	 "", true},
	{"compose.include[]?",
	 "s/@include",
	 NULL, false},
	{"compose.networks.NAME?",
	 "@network/0",
	 NULL, false},
	{"compose.volumes.NAME?",
	 "@volume/0",
	 NULL, false},
	{"config",
	 "content:s environment:s external:b/s/@config.external file:s "
	 "labels:{|list_or_dict.NAME?/!s name:s template_driver:s",
	 "", true},
	{"config.external",
	 "name:s",
	 "", false},
	{"deployment",
	 "endpoint_mode:s labels:{|list_or_dict.NAME?/!s mode:s "
	 "placement:@deployment.placement replicas:i/s resources:@deployment.resources "
	 "restart_policy:@deployment.restart_policy "
	 "rollback_config:@deployment.rollback_config "
	 "update_config:@deployment.update_config",
	 "", true},
	{"deployment.placement",
	 "constraints:[s max_replicas_per_node:i/s "
	 "preferences:[@deployment.placement.preferences[]",
	 "", true},
	{"deployment.placement.preferences[]",
	 "spread:s",
	 "", true},
	{"deployment.resources",
	 "limits:@deployment.resources.limits "
	 "reservations:@deployment.resources.reservations",
	 "", true},
	{"deployment.resources.limits",
	 "cpus:n/s memory:s pids:i/s",
	 "", true},
	{"deployment.resources.reservations",
	 "cpus:n/s devices:[@devices[] generic_resources:[@generic_resources[] memory:s",
	 "", true},
	{"deployment.restart_policy",
	 "condition:s delay:s max_attempts:i/s window:s",
	 "", true},
	{"deployment.rollback_config",
	 "delay:s failure_action:s max_failure_ratio:n/s monitor:s "
	 "order:=start-first|stop-first parallelism:i/s",
	 "", true},
	{"deployment.update_config",
	 "delay:s failure_action:s max_failure_ratio:n/s monitor:s "
	 "order:=start-first|stop-first parallelism:i/s",
	 "", true},
	{"development",
	 "watch:[@development.watch[]",
	 "", true},
	{"development.watch[]",
	 "action:=rebuild|sync|restart|sync+restart|sync+exec exec:@service_hook "
	 "ignore:s/!s include:s/!s initial_sync:b path:s target:s",
	 "path action", true},
	{"devices[]",
	 "capabilities:!s count:s/i device_ids:!s driver:s options:{|list_or_dict.NAME?/!s",
	 "capabilities", true},
	{"env_file[]",
	 "format:s path:s required:b/s",
	 "path", false},
	{"env_file[]?",
	 "s/@env_file[]",
	 NULL, false},
	{"extra_hosts.NAME?",
	 "s/[s",
	 NULL, false},
	{"generic_resources[]",
	 "discrete_resource_spec:@generic_resources[].discrete_resource_spec",
	 "", true},
	{"generic_resources[].discrete_resource_spec",
	 "kind:s value:n/s",
	 "", true},
	{"gpus[]",
	 "capabilities:!s count:s/i device_ids:!s driver:s options:{|list_or_dict.NAME?/!s",
	 "", false},
	{"healthcheck",
	 "disable:b/s interval:s retries:n/s start_interval:s start_period:s test:s/[s "
	 "timeout:s",
	 "", true},
	{"include",
	 "env_file:s/!s path:s/!s project_directory:s",
	 "", false},
	{"list_or_dict.NAME?",
	 "s/n/b/0",
	 NULL, false},
	{"model",
	 "context_size:i model:s name:s runtime_flags:[s",
	 "model", true},
	{"network",
	 "attachable:b/s driver:s driver_opts:{|network.driver_opts.NAME? enable_ipv4:b/s "
	 "enable_ipv6:b/s external:b/s/@network.external internal:b/s ipam:@network.ipam "
	 "labels:{|list_or_dict.NAME?/!s name:s",
	 "", true},
	{"network.driver_opts.NAME?",
	 "s/n",
	 NULL, false},
	{"network.external",
	 "name:s",
	 "", true},
	{"network.ipam",
	 "config:[@network.ipam.config[] driver:s options:{s",
	 "", true},
	{"network.ipam.config[]",
	 "aux_addresses:{s gateway:s ip_range:s subnet:s",
	 "", true},
	{"pre_start_hook",
	 "command:0/s/[s environment:{|list_or_dict.NAME?/!s image:s per_replica:b/s "
	 "privileged:b/s user:s working_dir:s",
	 "", true},
	{"secret",
	 "driver:s driver_opts:{|secret.driver_opts.NAME? environment:s "
	 "external:b/s/@secret.external file:s labels:{|list_or_dict.NAME?/!s name:s "
	 "template_driver:s",
	 "", true},
	{"secret.driver_opts.NAME?",
	 "s/n",
	 NULL, false},
	{"secret.external",
	 "name:s",
	 "", false},
	{"service",
	 "annotations:{|list_or_dict.NAME?/!s attach:b/s "
	 "blkio_config:@service.blkio_config build:s/@service.build cap_add:!s cap_drop:!s "
	 "cgroup:=host|private cgroup_parent:s command:0/s/[s "
	 "configs:[|service_config_or_secret[]? container_name:s cpu_count:s/i "
	 "cpu_percent:s/i cpu_period:n/s cpu_quota:n/s cpu_rt_period:n/s "
	 "cpu_rt_runtime:n/s cpu_shares:n/s cpus:n/s cpuset:s "
	 "credential_spec:@service.credential_spec depends_on:!s/<@service.depends_on.NAME "
	 "deploy:@deployment/0 develop:@development/0 device_cgroup_rules:!s "
	 "devices:[|service.devices[]? dns:s/!s dns_opt:!s dns_search:s/!s domainname:s "
	 "entrypoint:0/s/[s env_file:s/[|env_file[]? environment:{|list_or_dict.NAME?/!s "
	 "expose:!|service.expose[]? extends:s/@service.extends external_links:!s "
	 "extra_hosts:{|extra_hosts.NAME?/!s gpus:=all/[@gpus[] "
	 "group_add:!|service.group_add[]? healthcheck:@healthcheck hostname:s image:s "
	 "init:b/s ipc:s isolation:s label_file:s/[s labels:{|list_or_dict.NAME?/!s "
	 "links:!s logging:@service.logging mac_address:s mem_limit:n/s "
	 "mem_reservation:s/i mem_swappiness:i/s memswap_limit:n/s "
	 "models:!s/<|service.models.NAME? network_mode:s "
	 "networks:!s/<|service.networks.NAME? oom_kill_disable:b/s oom_score_adj:s/i "
	 "pid:s/0 pids_limit:n/s platform:s ports:!|service.ports[]? "
	 "post_start:[@service_hook pre_start:[@pre_start_hook pre_stop:[@service_hook "
	 "privileged:b/s profiles:!s provider:@service.provider pull_policy:s "
	 "pull_refresh_after:s read_only:b/s restart:s runtime:s scale:i/s "
	 "secrets:[|service_config_or_secret[]? security_opt:!s shm_size:n/s "
	 "stdin_open:b/s stop_grace_period:s stop_signal:s storage_opt:{a "
	 "sysctls:{|list_or_dict.NAME?/!s tmpfs:s/!s tty:b/s ulimits:{|ulimits.NAME? "
	 "use_api_socket:b user:s userns_mode:s uts:s volumes:!|service.volumes[]? "
	 "volumes_from:!s working_dir:s",
	 "", true},
	{"service.blkio_config",
	 "device_read_bps:[@blkio_limit device_read_iops:[@blkio_limit "
	 "device_write_bps:[@blkio_limit device_write_iops:[@blkio_limit weight:i/s "
	 "weight_device:[@blkio_weight",
	 "", false},
	{"service.build",
	 "additional_contexts:{|list_or_dict.NAME?/!s args:{|list_or_dict.NAME?/!s "
	 "cache_from:[s cache_to:[s context:s dockerfile:s dockerfile_inline:s "
	 "entitlements:[s extra_hosts:{|extra_hosts.NAME?/!s isolation:s "
	 "labels:{|list_or_dict.NAME?/!s network:s no_cache:b/s no_cache_filter:s/!s "
	 "platforms:[s privileged:b/s provenance:s/b pull:b/s sbom:s/b "
	 "secrets:[|service_config_or_secret[]? shm_size:i/s ssh:{|list_or_dict.NAME?/!s "
	 "tags:[s target:s ulimits:{|ulimits.NAME?",
	 "", true},
	{"service.credential_spec",
	 "config:s file:s registry:s",
	 "", true},
	{"service.depends_on.NAME",
	 "condition:=service_started|service_healthy|service_completed_successfully "
	 "required:b restart:b/s",
	 "condition", true},
	{"service.devices[]",
	 "permissions:s source:s target:s",
	 "source", true},
	{"service.devices[]?",
	 "s/@service.devices[]",
	 NULL, false},
	{"service.expose[]?",
	 "s/n",
	 NULL, false},
	{"service.extends",
	 "file:s service:s",
	 "service", false},
	{"service.group_add[]?",
	 "s/n",
	 NULL, false},
	{"service.logging",
	 "driver:s options:{|service.logging.options.NAME?",
	 "", true},
	{"service.logging.options.NAME?",
	 "s/n/0",
	 NULL, false},
	{"service.models.NAME",
	 "endpoint_var:s model_var:s",
	 "", true},
	{"service.models.NAME?",
	 "@service.models.NAME/0",
	 NULL, false},
	{"service.networks.NAME",
	 "aliases:!s driver_opts:{|service.networks.NAME.driver_opts.NAME? gw_priority:n "
	 "interface_name:s ipv4_address:s ipv6_address:s link_local_ips:!s mac_address:s "
	 "priority:n",
	 "", true},
	{"service.networks.NAME.driver_opts.NAME?",
	 "s/n",
	 NULL, false},
	{"service.networks.NAME?",
	 "@service.networks.NAME/0",
	 NULL, false},
	{"service.ports[]",
	 "app_protocol:s host_ip:s mode:s name:s protocol:s published:s/i target:i/s",
	 "", true},
	{"service.ports[]?",
	 "n/s/@service.ports[]",
	 NULL, false},
	{"service.provider",
	 "options:{|service.provider.options.NAME? type:s",
	 "type", true},
	{"service.provider.options.NAME?",
	 "s/n/b/[|service.provider.options.NAME[]?",
	 NULL, false},
	{"service.provider.options.NAME[]?",
	 "s/n/b",
	 NULL, false},
	{"service.volumes[]",
	 "bind:@service.volumes[].bind consistency:s image:@service.volumes[].image "
	 "read_only:b/s source:s target:s tmpfs:@service.volumes[].tmpfs "
	 "type:=bind|volume|tmpfs|cluster|npipe|image volume:@service.volumes[].volume",
	 "type", true},
	{"service.volumes[].bind",
	 "create_host_path:b/s propagation:s recursive:=enabled|disabled|writable|readonly "
	 "selinux:=z|Z",
	 "", true},
	{"service.volumes[].image",
	 "subpath:s",
	 "", true},
	{"service.volumes[].tmpfs",
	 "mode:n/s size:i/s",
	 "", true},
	{"service.volumes[].volume",
	 "labels:{|list_or_dict.NAME?/!s nocopy:b/s subpath:s",
	 "", true},
	{"service.volumes[]?",
	 "s/@service.volumes[]",
	 NULL, false},
	{"service_config_or_secret[]",
	 "gid:s mode:n/s source:s target:s uid:s",
	 "", true},
	{"service_config_or_secret[]?",
	 "s/@service_config_or_secret[]",
	 NULL, false},
	{"service_hook",
	 "command:0/s/[s environment:{|list_or_dict.NAME?/!s privileged:b/s user:s "
	 "working_dir:s",
	 "command", true},
	{"ulimits.NAME",
	 "hard:i/s soft:i/s",
	 "soft hard", true},
	{"ulimits.NAME?",
	 "i/s/@ulimits.NAME",
	 NULL, false},
	{"volume",
	 "driver:s driver_opts:{|volume.driver_opts.NAME? external:b/s/@volume.external "
	 "labels:{|list_or_dict.NAME?/!s name:s",
	 "", true},
	{"volume.driver_opts.NAME?",
	 "s/n",
	 NULL, false},
	{"volume.external",
	 "name:s",
	 "", true},
};
const size_t compose_type_count = sizeof(compose_types) / sizeof(compose_types[0]);
