#!/usr/bin/env python3
"""A round trip by the Python client of openapi-generator. The address and the token come by the environment."""
import json
import os

import openapi_client
from openapi_client.exceptions import ApiException, BadRequestException

configuration = openapi_client.Configuration(host=os.environ["BASE"], access_token=os.environ["TOKEN"])
with openapi_client.ApiClient(configuration) as client:
    api = openapi_client.DevicesApi(client)
    devices = [api.create_device(openapi_client.DeviceCreate(name=f"python-{i}",
                                                             status=openapi_client.DeviceStatus.DeviceStatusDisabled))
               for i in range(5)]
    names: list[str] = []
    pages, token = 0, None
    while pages == 0 or token:
        page = api.list_devices(page_size=2, page_token=token)
        names += [device.name for device in page.devices]
        pages, token = pages + 1, page.next_page_token
    assert names == [device.name for device in devices], names
    assert pages == 3, pages

    first = devices[0]
    seen = f'"{first.etag}"'
    patch = openapi_client.DevicePatch(description="changed")
    assert api.update_device(first.id, patch, if_match=seen).description == "changed"
    try:
        api.update_device(first.id, patch, if_match=seen)
        raise SystemExit("a stale patch was accepted")
    except ApiException as error:
        assert error.status == 412, error
    # The model judges a name by its schema; what is sent here is only refused by the server.
    try:
        api.list_devices(filter="nonsense =")
        raise SystemExit("a filter of no form was accepted")
    except BadRequestException as error:
        assert "fieldViolations" in json.loads(str(error.body))["details"][0], error
    enabled = api.enable_device(first.id, enable_device_input=openapi_client.EnableDeviceInput())
    assert enabled.status == openapi_client.DeviceStatus.DeviceStatusEnabled, enabled
    for device in devices:
        api.delete_device(device.id)
print("done")
