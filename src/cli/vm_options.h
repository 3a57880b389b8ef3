/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_VM_OPTIONS_H
#define I2KIT_CLI_VM_OPTIONS_H

/* Options that several verbs have: of how disks are made and VMs are run. Entries of an option_spec
 * table (cli/verb.h). */

#define BASE_OPTION                                                                                \
	{                                                                                          \
		"base", 0, OPTION_VALUE, "FOLDER|FILE", "another base than the default one",       \
			COMPLETE_FILE                                                              \
	}
#define PULL_OPTION                                                                                \
	{                                                                                          \
		"pull", 0, OPTION_VALUE, "always|missing|never", "overrides imagePullPolicy",      \
			COMPLETE_FORMAT                                                            \
	}
#define INSECURE_REGISTRY_OPTION                                                                   \
	{                                                                                          \
		"insecure-registry", 0, OPTION_REPEAT, "HOST[:PORT]",                              \
			"may speak http or show any certificate", COMPLETE_NONE                    \
	}
#define VERIFY_KEY_OPTION                                                                          \
	{                                                                                          \
		"verify-key", 0, OPTION_VALUE, "FILE", "public key that must have signed it",      \
			COMPLETE_FILE                                                              \
	}
#define CONNECT_OPTION                                                                             \
	{                                                                                          \
		"connect", 0, OPTION_VALUE, "URI", "libvirt: qemu:///system or …/session",         \
			COMPLETE_NONE                                                              \
	}

#endif
