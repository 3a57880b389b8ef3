#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Amazon's own client drives the fake: what it accepts and understands, a real service could have said."""
import base64
import hashlib
import json
import os
import sys
import time

from harness import Bed, run_tests

try:
    import botocore.session
    from botocore.config import Config
    from botocore.exceptions import ClientError
except ImportError:
    print("1..0 # SKIP botocore is not installed")
    sys.exit(77)
import shutil
import subprocess

BLOCK = 524288


def client(bed, service, secret="fake/secret+key"):
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        os.environ.pop(name, None)
    return botocore.session.Session().create_client(
        service, region_name="us-east-1" if service == "route53" else "eu-west-1", endpoint_url=bed.url, aws_access_key_id="AKIDFAKE",
        aws_secret_access_key=secret, config=Config(retries={"max_attempts": 0}))


def raises(code, call):
    try:
        call()
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response
        return error
    raise AssertionError(f"no {code}")


def snapshot(bed, data):
    ebs = client(bed, "ebs")
    started = ebs.start_snapshot(VolumeSize=1, ClientToken="t" + str(time.time()), Timeout=60)
    digests = b""
    for index, block in data.items():
        digest = hashlib.sha256(block).digest()
        digests += digest
        ebs.put_snapshot_block(SnapshotId=started["SnapshotId"], BlockIndex=index, BlockData=block,
                               DataLength=BLOCK, Checksum=base64.b64encode(digest).decode(),
                               ChecksumAlgorithm="SHA256")
    ebs.complete_snapshot(SnapshotId=started["SnapshotId"], ChangedBlocksCount=len(data),
                          Checksum=base64.b64encode(hashlib.sha256(digests).digest()).decode(),
                          ChecksumAlgorithm="SHA256", ChecksumAggregationMethod="LINEAR")
    return started["SnapshotId"]


def blocks_go_in_and_come_out(bed):
    data = {1: os.urandom(BLOCK), 7: os.urandom(BLOCK)}
    bed.world.settings["snapshot_pending_s"] = 1.5
    ebs, ec2 = client(bed, "ebs"), client(bed, "ec2")
    one = snapshot(bed, data)
    assert ec2.describe_snapshots(SnapshotIds=[one])["Snapshots"][0]["State"] == "pending"
    time.sleep(1.6)
    assert ec2.describe_snapshots(SnapshotIds=[one])["Snapshots"][0]["State"] == "completed"
    listed = ebs.list_snapshot_blocks(SnapshotId=one)["Blocks"]
    assert [b["BlockIndex"] for b in listed] == [1, 7]
    got = ebs.get_snapshot_block(SnapshotId=one, BlockIndex=7, BlockToken=listed[1]["BlockToken"])
    assert got["BlockData"].read() == data[7]


def wrong_checksums_counts_and_sizes_are_refused(bed):
    ebs = client(bed, "ebs")
    one = ebs.start_snapshot(VolumeSize=1)["SnapshotId"]
    put = dict(SnapshotId=one, BlockIndex=0, ChecksumAlgorithm="SHA256", Checksum="AAAA")
    raises("ValidationException", lambda: ebs.put_snapshot_block(BlockData=b"x" * BLOCK, DataLength=BLOCK, **put))
    raises("ValidationException", lambda: ebs.put_snapshot_block(BlockData=b"x", DataLength=1, **put))
    ebs.complete_snapshot(SnapshotId=one, ChangedBlocksCount=3)
    state = client(bed, "ec2").describe_snapshots(SnapshotIds=[one])["Snapshots"][0]["State"]
    assert state == "error"


def a_wrong_secret_is_refused(bed):
    raises("SignatureDoesNotMatch", lambda: client(bed, "sts", "wrong").get_caller_identity())
    assert client(bed, "sts").get_caller_identity()["Account"] == "123456789012"


def images_keep_what_was_registered(bed):
    one, ec2 = snapshot(bed, {0: b"x" * BLOCK}), client(bed, "ec2")
    time.sleep(0.4)
    ami = ec2.register_image(Name="a-b", RootDeviceName="/dev/xvda", BootMode="uefi-preferred", BlockDeviceMappings=[
        {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": one, "VolumeType": "gp3"}}])["ImageId"]
    image = ec2.describe_images(ImageIds=[ami])["Images"][0]
    assert image["Architecture"] == "i386" and image["VirtualizationType"] == "paravirtual"
    assert image["BootMode"] == "uefi-preferred"
    raises("InvalidAMIName.Duplicate", lambda: ec2.register_image(Name="a-b", RootDeviceName="/dev/xvda", BlockDeviceMappings=[
        {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": one}}]))
    raises("InvalidSnapshot.InUse", lambda: ec2.delete_snapshot(SnapshotId=one))
    raises("InvalidAMIID.NotFound", lambda: ec2.describe_images(ImageIds=["ami-0123"]))


TEMPLATE = {"Resources": {"Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/x"}}},
            "Outputs": {"Group": {"Value": {"Ref": "Logs"}}}}


def a_stack_lives_its_life(bed):
    cf = client(bed, "cloudformation")
    raises("ValidationError", lambda: cf.describe_stacks(StackName="s"))
    made = cf.create_change_set(StackName="s", ChangeSetName="c", ChangeSetType="CREATE",
                                TemplateBody=json.dumps(TEMPLATE), Tags=[{"Key": "a", "Value": "b"}])
    cf.get_waiter("change_set_create_complete").wait(ChangeSetName=made["Id"], WaiterConfig={"Delay": 1})
    changes = cf.describe_change_set(ChangeSetName=made["Id"])["Changes"]
    assert changes[0]["ResourceChange"]["Action"] == "Add"
    cf.execute_change_set(ChangeSetName=made["Id"])
    cf.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig={"Delay": 1})
    stack = cf.describe_stacks(StackName="s")["Stacks"][0]
    assert stack["Outputs"][0]["OutputValue"] == "/x" and stack["Tags"] == [{"Key": "a", "Value": "b"}]
    statuses = [e["ResourceStatus"] for e in cf.describe_stack_events(StackName="s")["StackEvents"]]
    assert statuses[0] == "CREATE_COMPLETE" and statuses[-1] == "REVIEW_IN_PROGRESS"
    cf.delete_stack(StackName="s")
    cf.get_waiter("stack_delete_complete").wait(StackName=stack["StackId"], WaiterConfig={"Delay": 1})
    raises("ValidationError", lambda: cf.create_change_set(StackName="t", ChangeSetName="c", ChangeSetType="CREATE",
                                                           TemplateBody='{"Resources": {"A": {"Type": "AWS::No::Such"}}}'))


def parameters_and_logs(bed):
    ssm, logs = client(bed, "ssm"), client(bed, "logs")
    for i in range(12):
        ssm.put_parameter(Name=f"/a/b/{i:02}", Value=str(i), Type="SecureString")
    raises("ParameterAlreadyExists", lambda: ssm.put_parameter(Name="/a/b/00", Value="1", Type="String"))
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path="/a", Recursive=True, WithDecryption=True)
    assert [p["Value"] for page in pages for p in page["Parameters"]] == [str(i) for i in range(12)]
    logs.create_log_stream(logGroupName="/g", logStreamName="web/1")
    logs.put_log_events(logGroupName="/g", logStreamName="web/1",
                        logEvents=[{"timestamp": 1000, "message": "a"}, {"timestamp": 2000, "message": "b"}])
    found = logs.filter_log_events(logGroupName="/g", startTime=1500)["events"]
    assert [e["message"] for e in found] == ["b"]


def the_command_line_client_too(bed):
    aws = shutil.which("aws")
    if aws is None:
        return

    def call(*words):
        done = subprocess.run([aws, "--endpoint-url", bed.url, "--output", "json", *words], capture_output=True, text=True,
                              env=bed.environment(AWS_DEFAULT_REGION="eu-west-1", AWS_PAGER=""), timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout

    assert len(call("ec2", "describe-subnets")["Subnets"]) == 3
    assert call("ebs", "start-snapshot", "--volume-size", "1")["BlockSize"] == BLOCK
    call("ssm", "put-parameter", "--name", "/a/b", "--value", "x", "--type", "SecureString")
    assert call("ssm", "get-parameters", "--names", "/a/b", "--with-decryption")["Parameters"][0]["Value"] == "x"
    template = bed.file("template.json", json.dumps(TEMPLATE))
    assert "Successfully" in call("cloudformation", "deploy", "--stack-name", "s", "--template-file", template)
    assert call("cloudformation", "describe-stacks", "--stack-name", "s")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    call("cloudformation", "delete-stack", "--stack-name", "s")


if __name__ == "__main__":
    run_tests(Bed(), [blocks_go_in_and_come_out, wrong_checksums_counts_and_sizes_are_refused,
                  a_wrong_secret_is_refused, images_keep_what_was_registered, a_stack_lives_its_life,
                  parameters_and_logs, the_command_line_client_too])
