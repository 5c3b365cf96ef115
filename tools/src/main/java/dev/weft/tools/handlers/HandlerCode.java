package dev.weft.tools.handlers;

import dev.weft.WebSocketHandler;
import dev.weft.server.Endpoint;
import dev.weft.server.EndpointProvider;
import dev.weft.server.HttpEndpoint;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import dev.weft.tools.options.FileFault;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipFile;

/**
 * The endpoints of code that was compiled or loaded. Each instance has a class loader of its own, which can be collected when
 * the server no longer has the endpoints, and the last connection that they serve has ended.
 *
 * @param endpoints     by path
 * @param httpEndpoints of plain HTTP, by path
 */
public record HandlerCode(Map<String, Endpoint> endpoints, Map<String, HttpEndpoint> httpEndpoints) {
    /** The path of a {@link WebSocketHandler} that no provider gives a path. */
    private static final String EVERY_PATH = "/**";

    /**
     * Compiles a source file or the sources in a folder, or reads a jar. Waits for the file system; a compilation takes about
     * a second.
     *
     * @throws HandlerException if the code cannot be compiled, loaded or used
     */
    public static HandlerCode load(Path code) throws HandlerException {
        if (!Files.exists(code)) {
            throw new HandlerException(code + " does not exist");
        }
        try {
            HandlerCode loaded = isJar(code) ? fromJar(code) : fromSource(code);
            loaded.addTo(WebSocketServer.builder()).build(); // checks the paths
            return loaded;
        } catch (LinkageError | ServiceConfigurationError | RuntimeException e) {
            Throwable root = e;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            throw new HandlerException(code + " cannot be used: " + e + (root == e ? "" : ": " + root) + trace(root),
                    e);
        }
    }

    private static boolean isJar(Path code) {
        return !Files.isDirectory(code) && code.toString().endsWith(".jar");
    }

    /** Adds the endpoints. */
    public WebSocketServerBuilder addTo(WebSocketServerBuilder builder) {
        endpoints.forEach(builder::endpoint);
        httpEndpoints.forEach(builder::http);
        return builder;
    }

    private static HandlerCode fromSource(Path source) throws HandlerException {
        Map<String, byte[]> files = SourceCompiler.compile(source);
        ClassLoader loader = loader(files);
        List<EndpointProvider> providers = new ArrayList<>();
        List<Class<?>> handlers = new ArrayList<>();
        for (String file : new TreeSet<>(files.keySet())) {
            Class<?> type = load(loader, file);
            if (!isInstantiable(type)) {
                continue;
            } else if (EndpointProvider.class.isAssignableFrom(type)) {
                providers.add((EndpointProvider) instantiate(type));
            } else if (WebSocketHandler.class.isAssignableFrom(type)) {
                handlers.add(type);
            }
        }
        if (!providers.isEmpty()) {
            return of(providers);
        } else if (handlers.size() == 1) {
            WebSocketHandler handler = (WebSocketHandler) instantiate(handlers.getFirst());
            return new HandlerCode(Map.of(EVERY_PATH, Endpoint.of(handler)), Map.of());
        }
        throw new HandlerException(source + (handlers.isEmpty()
                ? " has no class with a constructor without parameters that implements "
                        + EndpointProvider.class.getName()
                        + " or " + WebSocketHandler.class.getName()
                : " has several handlers (" + handlers.stream().map(Class::getName).collect(Collectors.joining(", "))
                        + "): implement " + EndpointProvider.class.getName() + " to give each of them a path"));
    }

    private static HandlerCode fromJar(Path jar) throws HandlerException {
        List<EndpointProvider> providers = ServiceLoader.load(EndpointProvider.class, loader(contents(jar))).stream()
                .map(ServiceLoader.Provider::get).toList();
        if (providers.isEmpty()) {
            throw new HandlerException(
                    jar + " names no provider in META-INF/services/" + EndpointProvider.class.getName());
        }
        return of(providers);
    }

    private static HandlerCode of(List<EndpointProvider> providers) {
        Map<String, Endpoint> endpoints = new LinkedHashMap<>();
        Map<String, HttpEndpoint> httpEndpoints = new LinkedHashMap<>();
        for (EndpointProvider provider : providers) {
            putNew(endpoints, provider.endpoints());
            putNew(httpEndpoints, provider.httpEndpoints());
        }
        return new HandlerCode(endpoints, httpEndpoints);
    }

    private static <T> void putNew(Map<String, T> all, Map<String, T> more) {
        more.forEach((path, endpoint) -> {
            if (all.putIfAbsent(path, endpoint) != null) {
                throw new IllegalArgumentException("two providers have an endpoint at " + path);
            }
        });
    }

    private static ClassLoader loader(Map<String, byte[]> files) {
        return new MemoryClassLoader(files, HandlerCode.class.getClassLoader());
    }

    private static Class<?> load(ClassLoader loader, String file) throws HandlerException {
        String name = file.substring(0, file.length() - ".class".length()).replace('/', '.');
        try {
            return Class.forName(name, false, loader);
        } catch (ClassNotFoundException e) {
            throw new HandlerException("class " + name + " cannot be loaded", e);
        }
    }

    private static boolean isInstantiable(Class<?> type) {
        return !type.isInterface() && !Modifier.isAbstract(type.getModifiers())
                && Stream.of(type.getDeclaredConstructors()).anyMatch(each -> each.getParameterCount() == 0);
    }

    private static Object instantiate(Class<?> type) throws HandlerException {
        try {
            Constructor<?> constructor = type.getDeclaredConstructor();
            constructor.setAccessible(true);
            return constructor.newInstance();
        } catch (InvocationTargetException e) {
            throw new HandlerException("the constructor of " + type.getName() + " failed: " + e.getCause()
                    + trace(e.getCause()), e);
        } catch (ReflectiveOperationException e) {
            throw new HandlerException(type.getName() + " cannot be used: " + e, e);
        }
    }

    /** Where in the user's code something was thrown. */
    private static String trace(Throwable thrown) {
        return Stream.of(thrown.getStackTrace()).filter(frame -> "handler".equals(frame.getClassLoaderName()))
                .map(frame -> "\n    at " + frame).collect(Collectors.joining());
    }

    /** All files of a jar, those for this version of Java where it has several. */
    private static Map<String, byte[]> contents(Path jar) throws HandlerException {
        Map<String, byte[]> files = new HashMap<>();
        try (JarFile open = new JarFile(jar.toFile(), false, ZipFile.OPEN_READ, Runtime.version())) {
            for (JarEntry entry : (Iterable<JarEntry>) open.versionedStream()
                    .filter(each -> !each.isDirectory())::iterator) {
                try (InputStream content = open.getInputStream(entry)) {
                    files.put(entry.getName(), content.readAllBytes());
                }
            }
            return files;
        } catch (IOException e) {
            throw new HandlerException(jar + " cannot be read as a jar: " + FileFault.of(e), e);
        }
    }
}
