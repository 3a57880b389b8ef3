/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_GUEST_H
#define I2KIT_GUEST_POD_GUEST_H

/* The VM as a whole: what init's parts share. One of it, made by init.c. */

#include "base/loop.h"
#include "guest/channel/channel.h"
#include "guest/channel/events.h"
#include "guest/channel/log_ring.h"
#include "guest/documents/environment.h"
#include "guest/kubelet/kubelet.h"
#include "guest/kubelet/reaper.h"
#include "guest/pod/volumes.h"
#include "wire/pod_document.h"
#include "wire/release_document.h"

struct container;
struct exec_table;
struct pause;
struct tunnel_table;
struct stats;
struct uplink;
struct storage_watch;

struct guest {
	struct loop *loop;
	struct reaper *reaper;
	struct log_ring *logs;
	struct events *events;
	struct channel *channel; /* NULL: this VM has none */
	struct pod_image pod;
	struct release release;
	bool has_release;
	char life[2 * WIRE_NONCE_SIZE +
		  1];	  /* its name, for whoever tells lives apart; "": none yet */
	bool is_template; /* it was made ready to be saved: what speaks now may go on from that */
	bool is_waking;	  /* it goes on, and has not got the time yet */
	char *hostname;	  /* owned */
	char *address;	  /* owned, or NULL */
	struct env_facts facts;
	struct kubelet *kubelet; /* NULL until the release is here */
	struct loop_timer *tick;
	struct container **containers; /* one per container of the pod */
	struct pause *pause;	       /* of a pod whose containers share their processes */
	struct exec_table *execs;
	struct tunnel_table *tunnels;
	struct name_server *names; /* or NULL */
	struct stats *stats;
	struct uplink *uplink;
	struct storage_watch *storage; /* NULL until the pod is prepared */
	bool is_held;		       /* prepared; its containers start when a release says so */
	char *failure;		       /* why the pod cannot run, owned; or NULL */
	bool is_advancing;
	bool has_told_started;
	bool is_leaving; /* the power button was pressed, and names still lead here */
	uint64_t off_ms; /* powers off then at the latest, once it is to */
};

/* Carries out what the kubelet wants. Call after everything that tells it something. */
void guest_advance(struct guest *guest);
/* Stops the pod and powers off; grace_ms < 0: the pod's own. */
void guest_shutdown(struct guest *guest, int64_t grace_ms);
/* hosts, resolv.conf and hostname of the containers, and what the pod's DNS server says. */
MUST_CHECK bool guest_write_names(struct guest *guest, struct error *err);
/* The documents' view that volumes need. */
struct volume_place guest_volume_plan(const struct guest *guest);
/* Sends waiting log lines while the channel takes them. */
void guest_send_logs(void *guest);
/* The network is up (or the release needs none): the pod's containers start. */
void guest_start_pod(struct guest *guest);
/* A release document arrived, by whatever way; the first one starts the pod. */
void guest_take_release(struct guest *guest, const void *bytes, size_t size);

#endif
