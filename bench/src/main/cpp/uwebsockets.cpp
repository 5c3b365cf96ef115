// uWebSockets as a server to compare with: like every peer, it sends each message back, or on the path /broadcast to all that
// are connected there, prints its port, and ends with its standard input. The argument "deflate" lets it compress.
#include "App.h"

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <thread>
#include <unistd.h>

namespace {
struct Nothing {};

constexpr int MAX_MESSAGE = 16 << 20;
constexpr const char *EVERYBODY = "everybody";

void endWithInput() {
    char bytes[64];
    while (read(STDIN_FILENO, bytes, sizeof bytes) > 0) {
    }
    _exit(0);
}
}

int main(int count, char **arguments) {
    bool deflates = count > 1 && std::strcmp(arguments[1], "deflate") == 0;
    uWS::CompressOptions compression = deflates ? uWS::SHARED_COMPRESSOR : uWS::DISABLED;
    uWS::App app;
    app.ws<Nothing>("/broadcast", {
        .compression = compression,
        .maxPayloadLength = MAX_MESSAGE,
        .maxBackpressure = MAX_MESSAGE,
        .open = [](auto *socket) { socket->subscribe(EVERYBODY); },
        .message = [&app, deflates](auto *, std::string_view message, uWS::OpCode opcode) {
            app.publish(EVERYBODY, message, opcode, deflates);
        },
    });
    app.ws<Nothing>("/*", {
        .compression = compression,
        .maxPayloadLength = MAX_MESSAGE,
        .maxBackpressure = MAX_MESSAGE,
        .message = [deflates](auto *socket, std::string_view message, uWS::OpCode opcode) {
            socket->send(message, opcode, deflates);
        },
    });
    app.listen("127.0.0.1", 0, [](us_listen_socket_t *socket) {
        if (!socket) {
            std::exit(1);
        }
        std::cout << "listening " << us_socket_local_port(0, reinterpret_cast<us_socket_t *>(socket)) << std::endl;
    });
    std::thread(endWithInput).detach();
    app.run();
}
