/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_SUPPLIED_CONFIG_H
#define I2KIT_MANIFEST_SUPPLIED_CONFIG_H

/*
 * Secrets and ConfigMaps from outside of the manifests, as `kubectl create secret generic` and
 * `create configmap` take them:
 *
 *	NAME.KEY=VALUE	the text itself (--from-literal)
 *	NAME.KEY=FILE	the file's bytes (--from-file=KEY=FILE); where a file is asked for
 *	NAME=FILE	the file's bytes, under its own name (--from-file)
 *	NAME=FOLDER	each file in it is a key
 *	NAME=.env	each line KEY=VALUE is a key (--from-env-file); also any name that ends in .env
 *
 * What is given wins over what the manifests say. Files are read when the manifests are; nothing
 * of a value is in a message.
 */

struct loader;

/* Adds what load_options name. What is wrong is a problem whose file is the option as it was given. */
void supplied_config_add(struct loader *loader);

#endif
