// A round trip by the Java client of openapi-generator. The address and the token come by the environment.
import java.util.ArrayList;
import java.util.List;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.JSON;
import org.openapitools.client.api.DevicesApi;
import org.openapitools.client.model.Device;
import org.openapitools.client.model.DeviceCreate;
import org.openapitools.client.model.DevicePage;
import org.openapitools.client.model.DevicePatch;
import org.openapitools.client.model.DeviceStatus;
import org.openapitools.client.model.EnableDeviceInput;
import org.openapitools.client.model.Problem;

public final class RoundTrip {
    private interface Call {
        void make() throws ApiException;
    }

    private static void check(boolean ok, String what) {
        if (!ok) throw new AssertionError(what);
    }

    private static ApiException refused(Call call) {
        try {
            call.make();
        } catch (ApiException exception) {
            return exception;
        }
        throw new AssertionError("the call succeeded");
    }

    public static void main(String[] arguments) throws ApiException {
        ApiClient client = new ApiClient();
        client.setBasePath(System.getenv("BASE"));
        client.setBearerToken(System.getenv("TOKEN"));
        DevicesApi api = new DevicesApi(client);

        List<Device> devices = new ArrayList<>();
        for (int i = 0; i < 5; i++)
            devices.add(api.createDevice(
                new DeviceCreate().name("java-" + i).status(DeviceStatus.DeviceStatusDisabled), null, null));

        int seen = 0;
        int pages = 0;
        for (String token = null; pages == 0 || !token.isEmpty(); pages++) {
            DevicePage page = api.listDevices(2, token, null, null, null);
            for (Device device : page.getDevices())
                check(device.getName().equals(devices.get(seen++).getName()), device.getName());
            token = page.getNextPageToken();
        }
        check(pages == 3 && seen == 5, "pages: " + pages);

        Device first = devices.get(0);
        String etag = '"' + first.getEtag() + '"';
        DevicePatch patch = new DevicePatch().description("changed");
        check("changed".equals(api.updateDevice(first.getId(), patch, null, null, etag).getDescription()), "patch");
        check(refused(() -> api.updateDevice(first.getId(), patch, null, null, etag)).getCode() == 412, "stale");

        ApiException wrong = refused(() -> api.createDevice(new DeviceCreate().name("x"), null, null));
        Problem problem = JSON.deserialize(wrong.getResponseBody(), Problem.class);
        check(wrong.getCode() == 400 && problem.getDetails().get(0).getAdditionalProperty("fieldViolations") != null,
            wrong.getResponseBody());

        Device enabled = api.enableDevice(first.getId(), null, new EnableDeviceInput());
        check(enabled.getStatus() == DeviceStatus.DeviceStatusEnabled, "enable");
        for (Device device : devices) api.deleteDevice(device.getId(), null, null);
        System.out.println("done");
    }
}
