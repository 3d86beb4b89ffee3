"""Compares Tender's wire definitions with those inside the PyPI package `dapr`.

Everything that the package defines must exist in Tender's descriptors, the same: messages, field
numbers, labels, types, oneofs, enum values, services, methods and streaming flags. Tender may have
more (the services between sidecars, for one). Needs `pip install pytest "dapr==1.19.*"`.
"""

import copy
import importlib
import importlib.metadata
from pathlib import Path

import dapr
import pytest
from google.protobuf import descriptor_pb2

DESCRIPTORS = Path(__file__).parents[2] / "crates/base/proto/src/generated/descriptors.bin"

Field = descriptor_pb2.FieldDescriptorProto


def file_proto(module):
    proto = descriptor_pb2.FileDescriptorProto()
    module.DESCRIPTOR.CopyToProto(proto)
    return proto


def packaged_files():
    """The descriptor of every generated module in the package, by the name of its .proto file."""
    files = {}
    for folder in map(Path, dapr.__path__):
        for path in sorted(folder.rglob("*_pb2.py")):
            parts = path.relative_to(folder.parent).with_suffix("").parts
            proto = file_proto(importlib.import_module(".".join(parts)))
            files[proto.name] = proto
    return files


def our_files():
    ours = descriptor_pb2.FileDescriptorSet()
    ours.ParseFromString(DESCRIPTORS.read_bytes())
    return {file.name: file for file in ours.file}


def joined(*parts):
    return ".".join(part for part in parts if part)


def enums_of(scope, enums):
    return {joined(scope, enum.name): enum for enum in enums}


def messages_and_enums(file):
    """All messages and enums of a file by full name, nested ones and map entries included."""
    messages, enums = {}, enums_of(file.package, file.enum_type)
    waiting = [(file.package, message) for message in file.message_type]
    while waiting:
        scope, message = waiting.pop()
        name = joined(scope, message.name)
        messages[name] = message
        enums |= enums_of(name, message.enum_type)
        waiting += [(name, nested) for nested in message.nested_type]
    return messages, enums


def field_facts(message, field):
    oneof = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else "none"
    return {
        "number": field.number,
        "label": Field.Label.Name(field.label),
        "type": joined(Field.Type.Name(field.type), field.type_name.lstrip(".")),
        "oneof": oneof,
        "optional": field.proto3_optional,
        "deprecated": field.options.deprecated,
        "JSON name": field.json_name or camel_case(field.name),
    }


def camel_case(name):
    """The JSON name that a compiler derives from a field's; packaged descriptors leave it out."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def method_facts(method):
    return {
        "input": method.input_type.lstrip("."),
        "output": method.output_type.lstrip("."),
        "client streaming": method.client_streaming,
        "server streaming": method.server_streaming,
        "deprecated": method.options.deprecated,
    }


def fact_differences(name, theirs, ours):
    return [
        f"{name}: {fact} is {ours[fact]}, not {value}"
        for fact, value in theirs.items()
        if ours[fact] != value
    ]


def named_differences(what, scope, theirs, ours, facts):
    """What differs in lists whose members have names: fields of a message, methods of a service."""
    ours = {member.name: member for member in ours}
    problems = []
    for member in theirs:
        name = joined(scope, member.name)
        if member.name not in ours:
            problems.append(f"{what} {name} is missing")
        else:
            problems += fact_differences(f"{what} {name}", facts(0, member), facts(1, ours[member.name]))
    return problems


def differences(theirs, ours):
    """What a file of theirs has that the file of ours lacks or has otherwise, one line each."""
    if ours is None:
        return [f"file {theirs.name} is missing"]
    problems = fact_differences(
        f"file {theirs.name}",
        {"package": theirs.package, "syntax": theirs.syntax},
        {"package": ours.package, "syntax": ours.syntax},
    )
    their_messages, their_enums = messages_and_enums(theirs)
    our_messages, our_enums = messages_and_enums(ours)

    for name, message in their_messages.items():
        other = our_messages.get(name)
        if other is None:
            problems.append(f"message {name} is missing")
            continue
        sides = (message, other)
        problems += named_differences(
            "field", name, message.field, other.field, lambda side, field: field_facts(sides[side], field)
        )
        taken = {field.number: field.name for field in message.field}
        problems += [
            f"field {name}.{field.name} has the number of {taken[field.number]}"
            for field in other.field
            if taken.get(field.number, field.name) != field.name
        ]
        problems += fact_differences(
            f"message {name}",
            {"map entry": message.options.map_entry, "deprecated": message.options.deprecated},
            {"map entry": other.options.map_entry, "deprecated": other.options.deprecated},
        )

    for name, enum in their_enums.items():
        other = our_enums.get(name)
        if other is None:
            problems.append(f"enum {name} is missing")
            continue
        problems += named_differences(
            "enum value", name, enum.value, other.value, lambda _, value: {"number": value.number}
        )

    our_services = {service.name: service for service in ours.service}
    for service in theirs.service:
        name = joined(theirs.package, service.name)
        if service.name not in our_services:
            problems.append(f"service {name} is missing")
            continue
        problems += named_differences(
            "method",
            name,
            service.method,
            our_services[service.name].method,
            lambda _, method: method_facts(method),
        )
    return problems


PACKAGED = packaged_files()


def test_the_package_is_the_release_that_tender_follows():
    assert importlib.metadata.version("dapr").split(".")[:2] == ["1", "19"]


def test_the_package_has_the_definitions_that_apps_use():
    names = {joined(file.package, service.name) for file in PACKAGED.values() for service in file.service}
    assert names == {
        "dapr.proto.runtime.v1.Dapr",
        "dapr.proto.runtime.v1.AppCallback",
        "dapr.proto.runtime.v1.AppCallbackAlpha",
        "dapr.proto.runtime.v1.AppCallbackHealthCheck",
        "TaskHubSidecarService",
    }


@pytest.mark.parametrize("name", sorted(PACKAGED))
def test_everything_in_the_package_exists_here(name):
    problems = differences(PACKAGED[name], our_files().get(name))
    assert not problems, "\n" + "\n".join(problems)


def element(elements, name):
    return next(one for one in elements if one.name == name)


def without(elements, name):
    elements.remove(element(elements, name))


RUNTIME = "dapr/proto/runtime/v1"


@pytest.mark.parametrize(
    ("file", "damage", "reported"),
    [
        (
            f"{RUNTIME}/lock.proto",
            lambda file: without(file.message_type, "UnlockRequest"),
            "message dapr.proto.runtime.v1.UnlockRequest is missing",
        ),
        (
            f"{RUNTIME}/lock.proto",
            lambda file: without(element(file.message_type, "UnlockRequest").field, "lock_owner"),
            "field dapr.proto.runtime.v1.UnlockRequest.lock_owner is missing",
        ),
        (
            f"{RUNTIME}/lock.proto",
            lambda file: setattr(element(file.message_type, "UnlockRequest").field[2], "number", 4),
            "field dapr.proto.runtime.v1.UnlockRequest.lock_owner: number is 4, not 3",
        ),
        (
            f"{RUNTIME}/lock.proto",
            lambda file: setattr(element(file.message_type, "TryLockRequest").field[3], "type", Field.TYPE_INT64),
            "field dapr.proto.runtime.v1.TryLockRequest.expiry_in_seconds: type is TYPE_INT64, not TYPE_INT32",
        ),
        (
            f"{RUNTIME}/lock.proto",
            lambda file: setattr(
                element(file.message_type, "UnlockRequest").field[0], "label", Field.LABEL_REPEATED
            ),
            "field dapr.proto.runtime.v1.UnlockRequest.store_name: label is LABEL_REPEATED, not LABEL_OPTIONAL",
        ),
        (
            f"{RUNTIME}/lock.proto",
            lambda file: without(element(file.message_type, "UnlockResponse").enum_type[0].value, "INTERNAL_ERROR"),
            "enum value dapr.proto.runtime.v1.UnlockResponse.Status.INTERNAL_ERROR is missing",
        ),
        (
            f"{RUNTIME}/jobs.proto",
            lambda file: element(file.message_type, "Job").field[1].ClearField("proto3_optional"),
            "field dapr.proto.runtime.v1.Job.schedule: optional is False, not True",
        ),
        (
            f"{RUNTIME}/appcallback.proto",
            lambda file: element(file.message_type, "TopicEventBulkRequestEntry").field[1].ClearField("oneof_index"),
            "field dapr.proto.runtime.v1.TopicEventBulkRequestEntry.bytes: oneof is none, not event",
        ),
        (
            f"{RUNTIME}/appcallback.proto",
            lambda file: without(file.service, "AppCallbackHealthCheck"),
            "service dapr.proto.runtime.v1.AppCallbackHealthCheck is missing",
        ),
        (
            f"{RUNTIME}/dapr.proto",
            lambda file: without(file.service[0].method, "GetState"),
            "method dapr.proto.runtime.v1.Dapr.GetState is missing",
        ),
        (
            f"{RUNTIME}/dapr.proto",
            lambda file: element(file.service[0].method, "EncryptAlpha1").ClearField("client_streaming"),
            "method dapr.proto.runtime.v1.Dapr.EncryptAlpha1: client streaming is False, not True",
        ),
        (
            "orchestration.proto",
            lambda file: without(file.enum_type, "OrchestrationStatus"),
            "enum OrchestrationStatus is missing",
        ),
    ],
)
def test_what_is_broken_is_reported_by_name(file, damage, reported):
    broken = copy.deepcopy(PACKAGED[file])
    damage(broken)
    assert differences(PACKAGED[file], broken) == [reported]


def test_a_file_that_is_missing_is_reported():
    assert differences(PACKAGED["orchestration.proto"], None) == ["file orchestration.proto is missing"]
