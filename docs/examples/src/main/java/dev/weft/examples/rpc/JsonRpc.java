package dev.weft.examples.rpc;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON-RPC 2.0 without a connection: from the text of a request, or of a batch of them, to the text of the response. */
record JsonRpc(Methods methods) {
    /** Escapes all but ASCII: a client's string may hold half of a surrogate pair, which no text message may contain. */
    private static final JsonMapper JSON = JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    /** An unknown method throws NoSuchMethodException; wrong parameters, JacksonException or IllegalArgumentException. */
    interface Methods {
        Object call(String method, JsonNode params) throws Exception;
    }

    private record RpcError(int code, String message) {}

    static String notification(String method, Object... params) {
        return JSON.writeValueAsString(Map.of("jsonrpc", "2.0", "method", method, "params", params));
    }

    /** Returns the response, which is empty to nothing but notifications. The methods are called on this thread. */
    String answer(String text) {
        Object answer;
        try {
            JsonNode message = JSON.readTree(text).require(); // an empty text is an error, too
            boolean isBatch = message.isArray() && !message.isEmpty();
            answer = isBatch ? message.valueStream().map(this::call).filter(Objects::nonNull).toList() : call(message);
        } catch (JacksonException e) {
            answer = response(JSON.nullNode(), new RpcError(-32700, "Parse error"));
        }
        return answer == null || answer.equals(List.of()) ? "" : JSON.writeValueAsString(answer);
    }

    /** Returns the response to a request, or {@code null} to a notification. */
    private JsonNode call(JsonNode request) {
        JsonNode id = request.path("id");
        boolean isValid = request.path("jsonrpc").stringValue("").equals("2.0") && request.path("method").isString()
                && !request.path("params").isValueNode() && !id.isContainer() && !id.isBoolean();
        if (!isValid) {
            return response(JSON.nullNode(), new RpcError(-32600, "Invalid Request"));
        }
        Object outcome = run(request.get("method").stringValue(), request.path("params"));
        return id.isMissingNode() ? null : response(id, outcome);
    }

    private static JsonNode response(JsonNode id, Object outcome) {
        return JSON.createObjectNode().put("jsonrpc", "2.0")
                .putPOJO(outcome instanceof RpcError ? "error" : "result", outcome).set("id", id);
    }

    /** Returns the result or an error. */
    private Object run(String method, JsonNode params) {
        try {
            return methods.call(method, params);
        } catch (NoSuchMethodException e) {
            return new RpcError(-32601, "Method not found");
        } catch (JacksonException | IllegalArgumentException e) {
            return new RpcError(-32602, "Invalid params");
        } catch (InterruptedException e) {
            return null; // the caller has gone
        } catch (Exception e) {
            System.getLogger("rpc").log(System.Logger.Level.WARNING, method + " failed", e);
            return new RpcError(-32603, "Internal error");
        }
    }
}
