/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_APP_H
#define I2KIT_MANIFEST_APP_H

/*
 * The application: what all manifests of a project say together, checked and with defaults filled
 * in, the same whichever of the four spellings it came from. Made by app_load() (manifest/load.h);
 * const ever after. Names are Kubernetes' own
 * (https://kubernetes.io/docs/reference/kubernetes-api/) so that a reader knows what a field means.
 * All pointers are owned by the struct they stand in; NULL text means "not given"; counts belong to
 * the array before them.
 *
 * Two halves, on purpose (doc/formats.md):
 *  - struct pod_spec.containers, init containers, security, restart rules: part of the *image*;
 *  - environment, config maps, secrets, volumes, host names, replicas: *configuration*, never in
 * it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/string_list.h"
#include "manifest/build_spec.h"
#include "manifest/cron_spec.h"
#include "manifest/job_spec.h"
#include "manifest/outside.h"
#include "manifest/route.h"
#include "manifest/source_mark.h"
#include "wire/check.h"
#include "wire/kinds.h"

struct key_value {
	char *key;
	char *value;
};

/* How a published port is spoken to from outside; only the cloud's load balancer cares. */
enum service_protocol {
	SERVICE_TCP,
	SERVICE_UDP,
	SERVICE_HTTP,
	SERVICE_HTTPS,
	SERVICE_SSL,
};

struct container_port {
	char *name; /* or NULL */
	uint16_t port;
	enum protocol protocol;
	uint16_t host_port; /* 0: none asked */
	char *host_ip;	    /* or NULL */
	struct source_mark mark;
};

struct env_var {
	char *name;
	enum env_kind source;
	char *value;	 /* ENV_VALUE: text, $(VAR) not yet expanded */
	char *ref_name;	 /* config map, secret or field path */
	char *ref_key;	 /* key in it; divisor for ENV_RESOURCE */
	char *container; /* ENV_RESOURCE */
	bool is_optional;
	struct source_mark mark;
	struct source_mark name_mark; /* of ref_name */
	struct source_mark key_mark;  /* of ref_key */
};

struct env_from {
	char *prefix; /* or NULL */
	bool is_secret;
	char *ref_name;
	bool is_optional;
	struct source_mark mark; /* of ref_name */
};

struct volume_mount {
	char *volume; /* name in pod_spec.volumes */
	char *mount_path;
	char *sub_path;	     /* or NULL */
	char *sub_path_expr; /* or NULL: with $(VAR) */
	bool is_read_only;
	struct source_mark mark; /* of the volume's name */
	struct source_mark path_mark;
};

/* A probe; or a hook, which is one without times. */
struct probe {
	struct check check; /* CHECK_NONE: there is none; named ports are resolved */
	char *port_name;    /* or NULL; the name the port was given by */
	struct source_mark port_mark;
	uint32_t initial_delay_s;
	uint32_t period_s;	    /* default 10 */
	uint32_t timeout_s;	    /* default 1 */
	uint32_t success_threshold; /* default 1 */
	uint32_t failure_threshold; /* default 3 */
	uint32_t grace_period_s;    /* probe's own; 0: the pod's */
};

enum seccomp_kind { SECCOMP_DEFAULT, SECCOMP_UNCONFINED };
enum tristate { TRI_UNSET, TRI_FALSE, TRI_TRUE };

/* Container-level values win over the pod's; merged by the loader, so this is what holds. */
struct security_context {
	bool has_user;
	uint32_t run_as_user;
	bool has_group;
	uint32_t run_as_group;
	enum tristate run_as_non_root;
	bool is_read_only_root;
	enum tristate allow_privilege_escalation; /* TRI_FALSE sets no_new_privs */
	bool is_privileged;
	bool has_metadata;		     /* may reach the cloud's metadata service */
	struct string_list capabilities_add; /* "NET_ADMIN", "ALL"; without CAP_ */
	struct string_list capabilities_drop;
	enum seccomp_kind seccomp;
	struct source_mark mark; /* line 0: none was written */
};

/* Zero means not given. */
struct resources {
	uint64_t cpu_request_millis;
	uint64_t cpu_limit_millis;
	uint64_t memory_request_bytes;
	uint64_t memory_limit_bytes;
	uint64_t ephemeral_request_bytes;
	uint64_t ephemeral_limit_bytes;
	bool has_ephemeral_limit; /* "0" is one: no disk (manifest/pod_room.h) */
};

/* What Docker limits beside Kubernetes' resources; zero means not given. */
struct container_limits {
	uint64_t tasks;	     /* processes and threads */
	uint64_t cpu_shares; /* among the containers of a pod */
	int oom_score_adjustment;
	bool has_init;		      /* process 1 is the guest's own, not the program */
	struct rlimit_entry *rlimits; /* each kind once */
	size_t rlimit_count;
};

enum pull_policy { PULL_IF_NOT_PRESENT, PULL_ALWAYS, PULL_NEVER };

struct container_spec {
	char *name;
	char *image; /* as written: reference or transport:… */
	struct source_mark image_mark;
	enum pull_policy pull_policy;
	bool has_command; /* command given, even if empty: replaces ENTRYPOINT and CMD */
	struct string_list command;
	bool has_args; /* replaces CMD */
	struct string_list args;
	char *working_dir;
	char *user;	   /* as Compose says it: a number or a name, ":" and a group; or NULL */
	char *stop_signal; /* "SIGQUIT"; or NULL: the image's */
	bool keeps_image_health; /* the image's HEALTHCHECK is its readiness, when it has none */
	struct container_port *ports;
	size_t port_count;
	struct env_var *env;
	size_t env_count;
	struct env_from *env_from;
	size_t env_from_count;
	struct volume_mount *mounts;
	size_t mount_count;
	struct resources resources;
	struct probe startup;
	struct probe readiness;
	struct probe liveness;
	struct probe post_start;
	struct probe pre_stop;
	struct probe *more_post_starts; /* each after the one before it; Compose alone has them */
	size_t more_post_start_count;
	struct probe *more_pre_stops;
	size_t more_pre_stop_count;
	struct container_limits limits;
	struct security_context security;
	bool is_sidecar; /* an init container with restartPolicy: Always */
	bool has_stdin;
	bool stdin_once;
	bool has_tty;
	char *termination_message_path; /* or NULL: /dev/termination-log */
	struct build_spec *build;	/* or NULL; then `image` names what it makes */
	struct watch_rule *watches;	/* develop.watch */
	size_t watch_count;
	struct source_mark mark;
};

/* A file made from a key of a config map or secret, or from a downward field. */
struct volume_item {
	char *key;	 /* key, or field path for downward, or limits.cpu … */
	char *path;	 /* below the mount; no .. */
	char *container; /* downward resource: whose */
	char *divisor;
	bool has_mode;
	uint16_t mode;
	struct source_mark mark;
};

struct volume {
	char *name;
	enum volume_kind kind;
	bool is_memory;		   /* emptyDir medium: Memory */
	uint64_t size_limit_bytes; /* emptyDir; 0: none */
	bool is_claimed;	   /* emptyDir of an `ephemeral` claim: its room is its own */
	char *ref_name;		   /* config map, secret or claim */
	bool is_optional;
	bool is_read_only;	   /* claim */
	uint16_t default_mode;	   /* 0644 when not given */
	struct volume_item *items; /* none: all keys */
	size_t item_count;
	char *host_path;	/* absolute */
	char *host_path_type;	/* Directory, DirectoryOrCreate, File … or NULL */
	struct volume *sources; /* projected */
	size_t source_count;
	char *image; /* image: as a container's */
	enum pull_policy pull_policy;
	struct source_mark mark;
	struct source_mark ref_mark; /* of ref_name or image */
};

struct host_alias {
	char *ip;
	struct string_list names;
};

/*
 * What a pod may open connections to; answers to those that others opened pass always. All zero:
 * everything but this machine itself.
 */
struct egress_policy {
	bool is_restricted;	  /* only what follows */
	bool is_any;		  /* as written; with has_host: everything and this machine */
	bool is_none;		  /* as written */
	bool has_internet;	  /* addresses that are not private ones */
	bool has_host;		  /* host.i2kit.internal: the developer's machine */
	struct string_list names; /* Services and pods of the app */
	struct string_list cidrs; /* "192.0.2.0/24", "192.0.2.7" */
	struct source_mark mark;
};

/* Who may speak with whom, as NetworkPolicies say it (network_policy.c). */
enum label_operator { LABEL_IN, LABEL_NOT_IN, LABEL_EXISTS, LABEL_ABSENT };
struct label_requirement {
	char *key;
	enum label_operator operator;
	struct string_list values;
};
struct label_selector { /* without requirements: everything */
	struct label_requirement *items;
	size_t count;
};
struct policy_peer {
	bool has_pods;
	bool has_namespaces;
	struct label_selector pods;
	struct label_selector namespaces;
	char *cidr; /* or NULL */
	struct string_list except;
	struct source_mark mark;
};
struct policy_port {
	enum protocol protocol;
	char *name;	   /* or NULL */
	uint16_t port;	   /* 0: all of the protocol, or a name */
	uint16_t end_port; /* 0: the one port */
	struct source_mark mark;
};
struct policy_rule { /* no peers: anybody; no ports: all */
	struct policy_peer *peers;
	size_t peer_count;
	struct policy_port *ports;
	size_t port_count;
};
struct network_policy {
	char *name;
	char *namespace_name;
	struct label_selector pods;
	bool is_ingress; /* of its policyTypes */
	bool is_egress;
	struct policy_rule *ingress;
	size_t ingress_count;
	struct policy_rule *egress;
	size_t egress_count;
	struct source_mark mark;
};

/* One thing that all policies of a pod together allow. */
struct traffic_item {
	char *pod;  /* all its instances; or NULL */
	char *cidr; /* "192.0.2.0/24"; or NULL. Neither: anybody */
	enum protocol protocol;
	uint16_t first; /* 0: every port of every protocol */
	uint16_t last;
};
/* In one direction. Not isolated: everything passes. */
struct traffic_policy {
	bool is_isolated;
	bool may_ask_names; /* egress: of what is outside of the project */
	struct traffic_item *items;
	size_t item_count;
};
void traffic_policy_clear(struct traffic_policy *policy);

/* How far another pod has to come before the containers of this one start. Its VM boots at once. */
enum start_condition { START_STARTED, START_HEALTHY, START_COMPLETED };
struct start_wait {
	char *pod; /* another one of the app */
	enum start_condition condition;
	bool is_optional; /* holds nobody back where that pod is not there, or failed */
	bool restarts;	  /* this one starts again when a verb replaced or restarted that one */
	struct source_mark mark;
};

/*
 * Pods that share a network resolve and reach one another; others do not. A pod that names none is
 * in "default", so that all are together where nobody names any.
 */
struct pod_network {
	char *name;		    /* in app.networks; "default" need not be there */
	struct string_list aliases; /* further names of the pod, for those it shares it with */
	struct source_mark mark;
};
struct app_network {
	char *name;
	bool is_internal; /* no way out of the project for pods that are in such ones alone */
	struct source_mark mark;
};

/* A claim template of a StatefulSet, or a PersistentVolumeClaim. */
struct claim {
	char *name;
	uint64_t size_bytes;
	bool is_read_only; /* accessModes has ReadOnlyMany only */
	bool is_many;	   /* accessModes has ReadWriteMany */
	bool is_shared;	   /* and several VMs have it, one of them to write: no disk can do that */
	char *storage_class; /* or NULL; noted */
	struct source_mark mark;
};

/* podManagementPolicy: each number waits for the one before it, or all start at once. */
enum start_order { START_ORDERED, START_PARALLEL };

/* One pod template: one image, `replicas` VMs that boot it. */
struct pod_spec {
	char *name;		     /* unique in the app; the workload's metadata.name */
	char *namespace_name;	     /* "default" when not given */
	enum workload_kind workload; /* the kind of object it came from */
	char *kind_name;	     /* "Deployment", "i2kit" … as written, for messages */
	uint32_t replicas;
	bool is_public;	     /* service form: reachable from outside in the cloud */
	bool is_stateful;    /* one replica, replaced old-first, keeps its disk */
	char *instance_type; /* cloud; or NULL */
	/* While loading: what is said of the containers' security.has_metadata. */
	bool has_metadata;
	struct string_list metadata_names;
	struct source_mark metadata_mark;
	struct key_value *labels; /* of the template */
	size_t label_count;
	struct key_value *annotations;
	size_t annotation_count;
	struct container_spec *init_containers; /* in order; sidecars among them */
	size_t init_container_count;
	struct container_spec *containers;
	size_t container_count;
	struct volume *volumes;
	size_t volume_count;
	struct claim *claim_templates; /* StatefulSet */
	size_t claim_template_count;
	char *service_name;	      /* StatefulSet's headless service, or NULL */
	enum start_order start_order; /* StatefulSet */
	uint32_t partition;	      /* StatefulSet: numbers below it keep the release they have */
	enum restart_policy restart_policy;
	uint32_t termination_grace_s; /* default 30 */
	uint64_t active_deadline_s;   /* 0: none */
	struct job_spec job;	      /* Job, CronJob */
	struct cron_spec cron;	      /* CronJob, whose workload is WORKLOAD_JOB */
	char *hostname;		      /* or NULL: the instance's name */
	char *subdomain;
	struct host_alias *host_aliases;
	size_t host_alias_count;
	char *dns_policy; /* or NULL */
	struct string_list dns_servers;
	struct string_list dns_searches;
	struct string_list dns_options; /* "ndots:5" */
	struct egress_policy egress;
	struct traffic_policy incoming; /* of the NetworkPolicies that select it */
	struct traffic_policy outgoing;
	struct pod_network *networks;
	size_t network_count;
	bool has_no_network; /* reaches nobody, reached by nobody; no networks then */
	struct start_wait *waits;
	size_t wait_count;
	struct security_context defaults; /* pod-level; already merged into the containers */
	bool shares_processes;		  /* shareProcessNamespace */
	bool has_fs_group;
	uint32_t fs_group;
	struct string_list supplemental_groups; /* decimal */
	struct key_value *sysctls;
	size_t sysctl_count;
	uint32_t max_surge;	  /* rolling update, in pods; default 1 */
	uint32_t max_unavailable; /* default 0 */
	bool is_recreate;	  /* strategy: Recreate */
	uint32_t restart_limit;	  /* RESTART_ON_FAILURE: given up after so many; 0: never */
	struct source_mark mark;
	struct source_mark
		replicas_mark; /* these three: of the value, or of where it would stand */
	struct source_mark restart_mark;
	struct source_mark service_name_mark;
};

struct service_port {
	char *name; /* or NULL */
	uint16_t port;
	uint16_t target_port; /* resolved from a name through the selected pods */
	enum protocol protocol;
	uint16_t node_port;	     /* 0: none */
	char *host_ip;		     /* published there alone; NULL: where all are */
	enum service_protocol outer; /* what clients of a public service speak */
	enum service_protocol inner; /* what the pod speaks */
	char *certificate;	     /* or NULL */
	struct source_mark mark;
	struct source_mark target_mark;
};

enum service_kind {
	SERVICE_CLUSTER_IP,
	SERVICE_NODE_PORT,
	SERVICE_LOAD_BALANCER,
	SERVICE_HEADLESS,
	SERVICE_EXTERNAL_NAME, /* outside.external_name */
};

/* From a Service object, or made from the ports of the short forms (named after their pod). */
struct service {
	char *name;
	char *namespace_name;
	enum service_kind kind;
	struct string_list pods; /* names of the pod_specs it selects */
	struct outside outside;	 /* what it leads to instead */
	struct service_port *ports;
	size_t port_count;
	bool has_client_ip_affinity;
	bool publish_not_ready;
	bool is_implied;	    /* no Service object; made from a pod's ports */
	bool is_published;	    /* on the developer's machine, whatever its kind */
	struct key_value *selector; /* labels; none of implied ones */
	size_t selector_count;
	struct string_list target_names; /* only while loading */
	struct source_mark mark;
	struct source_mark selector_mark;
};

/* Addresses of Endpoints or of an EndpointSlice, as written. */
struct endpoint_address {
	char *ip;
	char *hostname; /* or NULL */
	bool is_not_ready;
};
struct endpoint_port {
	char *name; /* or NULL */
	uint16_t port;
	enum protocol protocol;
};
struct endpoint_set {
	char *service;
	char *namespace_name;
	struct endpoint_address *addresses;
	size_t address_count;
	struct endpoint_port *ports;
	size_t port_count;
	struct source_mark mark;
};

struct config_entry {
	char *key;
	char *bytes; /* NUL-terminated as well */
	size_t size;
};

/* A ConfigMap or a Secret. */
struct config_map {
	char *name;
	char *namespace_name;
	bool is_secret;
	char *secret_type; /* or NULL */
	struct config_entry *entries;
	size_t entry_count;
	struct source_mark mark;
};

/*
 * A Kubernetes object in the words it was written in, whatever becomes of it here; only where
 * load_options.keeps_objects asks for them.
 */
struct source_object {
	char *kind;
	char *name;	      /* "" where it has none */
	char *namespace_name; /* "default" when not given */
	char *text;	      /* YAML, ends in a line end */
};

struct app {
	char *project;		   /* manifest/project_name.h */
	bool is_named;		   /* by a document of the manifests */
	bool has_other_namespaces; /* left out, since load_options.namespace_name names one */
	char *home;		   /* absolute: the folder that the project is named after */
	char *folder;		   /* absolute; relative host paths and oci: images start here */
	struct string_list files;  /* all that were read, as given */
	struct pod_spec *pods;
	size_t pod_count;
	struct service *services;
	size_t service_count;
	struct endpoint_set *endpoint_sets;
	size_t endpoint_set_count;
	struct config_map *config_maps; /* config maps and secrets */
	size_t config_map_count;
	struct claim *claims;
	size_t claim_count;
	struct source_object *objects; /* in the order of the files */
	size_t object_count;
	struct network_policy *policies;
	size_t policy_count;
	struct app_network *networks;
	size_t network_count;
	struct route *routes; /* in the order in which they are looked through */
	size_t route_count;
	struct route_tls *route_tls;
	size_t route_tls_count;
};

void volume_clear(struct volume *volume);
void app_clear(struct app *app);
const struct pod_spec *app_find_pod(const struct app *app, const char *name);
const struct service *app_find_service(const struct app *app, const char *name);
/* Whether its names lead to its endpoints themselves: headless, or with the same port numbers. */
bool service_is_direct(const struct service *service);
const struct config_map *app_find_config(const struct app *app, const char *name, bool is_secret);
const struct claim *app_find_claim(const struct app *app, const char *name);

#endif
