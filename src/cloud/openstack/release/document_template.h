/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_RELEASE_DOCUMENT_TEMPLATE_H
#define I2KIT_CLOUD_OPENSTACK_RELEASE_DOCUMENT_TEMPLATE_H

/*
 * The release document of a pod before it is known which server it is for: made once, when a release is
 * planned, with words in it that stand for the console's key, for addresses and for volumes. So everything
 * that a document can be refused for is said before anything is sent, and a rollback makes the very same
 * servers again. Each word is at least as long as what takes its place. Pure.
 */

#include "base/error.h"
#include "base/string_list.h"

/* Hexadecimal like a key: of SHA-256("i2kit console key"). */
#define TEMPLATE_KEY  "ff0fffb02870e8c6f1a7e05bd629d4f9578c2f3d3170f4342e9e0e98e709bef0"
#define TEMPLATE_UUID "5f0c%04zu-1b2d-4e3f-8a59-6c7d8e9fa0b1" /* Cinder's; printf, of an index */
#define TEMPLATE_MOST 900				      /* addresses, volumes */

/* "255.2NN.2NN.1NN"; owned. Addresses that no host has. */
char *template_address(size_t index);
char *template_volume(size_t index); /* owned */

struct template_values {
	const char *console_key;
	const struct string_list *addresses; /* by index */
	const struct string_list *volumes;   /* Cinder's UUIDs, by index */
};
/* template: JSON. *ret owned: base64, as Nova takes it. */
char *template_fill(const char *text, const struct template_values *values);

#endif
