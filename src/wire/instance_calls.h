/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_INSTANCE_CALLS_H
#define I2KIT_WIRE_INSTANCE_CALLS_H

/*
 * What an instance asks of AWS, a row each: CALL(service, action, resource, condition), the latter
 * two as cloud/aws/client/permissions.h names them. The guest makes no other call
 * (guest/cloud/cloud_aws.c), a pod's role allows these (cloud/aws/stack/stack_role.c), and they are
 * the boundary that no pod's role goes beyond (permissions.c).
 */
#define INSTANCE_CALLS(CALL)                                                                       \
	CALL("logs", "CreateLogStream", ALL_LOG_GROUPS, NONE)                                      \
	CALL("logs", "PutLogEvents", ALL_LOG_GROUPS, NONE)                                         \
	CALL("cloudformation", "SignalResource", STACKS, NONE)                                     \
	CALL("ssm", "GetParameters", ALL_PARAMETERS, NONE)                                         \
	CALL("ec2", "AttachVolume", VOLUMES, OWN_RESOURCE)                                         \
	CALL("ec2", "AttachVolume", INSTANCES, OWN_RESOURCE)                                       \
	CALL("ec2", "DescribeInstances", ANY, REGION)                                              \
	CALL("route53", "ListResourceRecordSets", ZONES, NONE)                                     \
	CALL("route53", "ChangeResourceRecordSets", ZONES, RECORDS)

#endif
