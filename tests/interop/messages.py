"""The contract's messages from the descriptor set that the build made: REFLECTION_PB names it."""
import os

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_pool = descriptor_pool.DescriptorPool()
_set = descriptor_pb2.FileDescriptorSet()
with open(os.environ["REFLECTION_PB"], "rb") as file:
    _set.ParseFromString(file.read())
for _file in _set.file:
    _pool.Add(_file)
_factory = message_factory.MessageFactory(_pool)


def message(name):
    """The class of a message by full name."""
    return _factory.GetPrototype(_pool.FindMessageTypeByName(name))


def extension(name):
    """An extension by full name, as Message.Extensions takes it."""
    return _pool.FindExtensionByName(name)


def services(package):
    """Every service of the package as (full name, descriptor)."""
    return [(f"{file.package}.{service.name}", service) for file in _set.file if file.package == package
            for service in file.service]


def v1(name, /, **fields):
    """A message of datastream.v1."""
    return message("datastream.v1." + name)(**fields)


def method(full_name):
    """Path, request class and response class of a method: "package.Service.Method"."""
    service, _, name = full_name.rpartition(".")
    found = _pool.FindServiceByName(service).FindMethodByName(name)
    return (f"/{service}/{name}", _factory.GetPrototype(found.input_type),
            _factory.GetPrototype(found.output_type))


def unary_methods(package):
    """Full names of the unary methods below a prefix."""
    return [f"{file.package}.{service.name}.{rpc.name}" for file in _set.file for service in file.service
            for rpc in service.method if not (rpc.client_streaming or rpc.server_streaming)
            and file.package.startswith(package.rstrip("."))]
