package dev.weft.server;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Lists what a module exports: types and members, one per line, in an order that does not depend on the compiler. Types that
 * are not exported are left out, except for the public members that an exported type inherits from them.
 */
final class PublicApi {
    private final ModuleDescriptor descriptor;
    private final List<Class<?>> types;
    /** What the listing names. */
    private final Set<Class<?>> named = new LinkedHashSet<>();
    /** Simple names that stand for more than one of the named types, which are therefore written with their packages. */
    private Set<String> ambiguous = Set.of();

    private PublicApi(ModuleDescriptor descriptor, List<Class<?>> types) {
        this.descriptor = descriptor;
        this.types = types;
        named.addAll(types);
    }

    /** The module, in a folder or a jar, that this class is of. */
    static PublicApi ofModuleWith(Class<?> member) throws IOException {
        Path location;
        try {
            location = Path.of(member.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(e);
        }
        ModuleReference module = ModuleFinder.of(location).findAll().iterator().next();
        List<Class<?>> types;
        try (ModuleReader reader = module.open(); Stream<String> entries = reader.list()) {
            types = entries.filter(entry -> entry.endsWith(".class") && !entry.endsWith("-info.class")
                    && !entry.startsWith("META-INF/"))
                    .<Class<?>>map(entry -> load(entry.substring(0, entry.length() - 6).replace('/', '.'))).toList();
        }
        return of(module.descriptor(), types);
    }

    /** The listing of these types alone. */
    static PublicApi of(ModuleDescriptor descriptor, Collection<Class<?>> types) {
        Set<String> exported = descriptor.exports().stream().filter(export -> !export.isQualified())
                .map(ModuleDescriptor.Exports::source).collect(Collectors.toSet());
        return new PublicApi(descriptor, types.stream()
                .filter(type -> exported.contains(type.getPackageName()) && isVisible(type))
                .sorted(Comparator.comparing(Class::getName)).toList());
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name, false, PublicApi.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    /** For users: public, or protected in what a user may extend, and so all around it. */
    private static boolean isVisible(Class<?> type) {
        Class<?> outer = type.getEnclosingClass();
        return !type.isAnonymousClass() && !type.isLocalClass()
                && (outer == null
                        ? Modifier.isPublic(type.getModifiers())
                        : isVisible(outer) && isVisible(outer, type.getModifiers()));
    }

    private static boolean isVisible(Class<?> owner, int modifiers) {
        return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers) && isExtensible(owner);
    }

    private static boolean isExtensible(Class<?> type) {
        return !Modifier.isFinal(type.getModifiers()) && !type.isSealed() && Stream.of(type.getDeclaredConstructors())
                .anyMatch(constructor -> (constructor.getModifiers() & (Modifier.PUBLIC | Modifier.PROTECTED)) != 0);
    }

    /** First the types of other modules, as imports, then each exported package and type with its members. */
    List<String> lines() {
        describe();
        ambiguous = named.stream().collect(Collectors.groupingBy(PublicApi::simpleName, Collectors.toSet()))
                .entrySet().stream().filter(entry -> entry.getValue().size() > 1).map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        List<String> body = describe();
        List<String> lines = new ArrayList<>(List.of("module " + descriptor.name(), ""));
        named.stream()
                .filter(type -> !types.contains(type) && type.getEnclosingClass() == null
                        && !type.getPackageName().equals("java.lang") && !ambiguous.contains(type.getSimpleName()))
                .map(type -> "import " + type.getName()).sorted().forEach(lines::add);
        lines.addAll(body);
        return lines;
    }

    /** Types of this module that a user meets in a signature, but that are not exported. */
    Set<String> hiddenTypesInSignatures() {
        describe();
        return named.stream()
                .filter(type -> descriptor.packages().contains(type.getPackageName()) && !types.contains(type))
                .map(Class::getName).collect(Collectors.toCollection(TreeSet::new));
    }

    private boolean isHidden(Class<?> type) {
        return type != null && descriptor.packages().contains(type.getPackageName()) && !types.contains(type);
    }

    /** The packages of the module: exported or not. */
    Map<String, Boolean> packages() {
        Map<String, Boolean> packages = new TreeMap<>();
        descriptor.packages().forEach(name -> packages.put(name, false));
        descriptor.exports().forEach(export -> packages.put(export.source(), !export.isQualified()));
        return packages;
    }

    private List<String> describe() {
        List<String> lines = new ArrayList<>();
        for (Class<?> type : types) {
            lines.add("");
            lines.add(declaration(type));
            if (type.isEnum()) {
                Stream.of(type.getEnumConstants()).map(constant -> "    " + ((Enum<?>) constant).name())
                        .forEach(lines::add);
            }
            members(type).map(member -> "    " + member).forEach(lines::add);
        }
        return lines;
    }

    // Types.

    private String declaration(Class<?> type) {
        StringBuilder line = new StringBuilder(deprecation(type)).append(modifiersOf(type))
                .append(type.getName().replace('$', '.'))
                .append(typeParameters(type.getTypeParameters()));
        if (type.isRecord()) {
            line.append(Stream.of(type.getRecordComponents())
                    .map(component -> deprecation(component.getAccessor()) + text(component.getGenericType()) + " "
                            + component.getName())
                    .collect(Collectors.joining(", ", "(", ")")));
        }
        Class<?> nearest = type; // of the superclasses that are not exported, the last
        while (isHidden(nearest.getSuperclass())) {
            nearest = nearest.getSuperclass();
        }
        Type superclass = nearest.getGenericSuperclass();
        if (superclass != null && superclass != Object.class && !type.isRecord() && !type.isEnum()) {
            line.append(" extends ").append(text(superclass));
        }
        Set<String> interfaces = new TreeSet<>();
        declaringTypes(type).stream().flatMap(each -> Stream.of(each.getGenericInterfaces()))
                .filter(each -> !isHidden(
                        each instanceof ParameterizedType generic ? (Class<?>) generic.getRawType() : (Class<?>) each))
                .map(this::text).forEach(interfaces::add);
        if (!interfaces.isEmpty() && !type.isAnnotation()) {
            line.append(type.isInterface() ? " extends " : " implements ").append(String.join(", ", interfaces));
        }
        if (isSealed(type)) {
            line.append(" permits ").append(permitted(type)
                    .map(permitted -> types.contains(permitted) ? text(permitted) : "(not exported)").distinct()
                    .collect(Collectors.joining(", ")));
        }
        return line.toString();
    }

    /** The permitted subclasses; in place of a sealed one that is not exported, those that it permits. */
    private Stream<Class<?>> permitted(Class<?> type) {
        return Stream.of(type.getPermittedSubclasses())
                .flatMap(each -> types.contains(each) || !isSealed(each) ? Stream.of(each) : permitted(each));
    }

    /** An enum whose constants have bodies is sealed, too, but only for the compiler. */
    private static boolean isSealed(Class<?> type) {
        return type.isSealed() && !type.isEnum();
    }

    private static String modifiersOf(Class<?> type) {
        int modifiers = type.getModifiers();
        String kind = type.isAnnotation()
                ? "@interface "
                : type.isInterface() ? "interface " : type.isRecord() ? "record " : type.isEnum() ? "enum " : "class ";
        boolean isClass = kind.equals("class ");
        return (Modifier.isProtected(modifiers) ? "protected " : "")
                + (type.isMemberClass() && isClass && !Modifier.isStatic(modifiers) ? "inner " : "")
                + (isSealed(type) ? "sealed " : "")
                + (isClass && Modifier.isAbstract(modifiers) ? "abstract " : "")
                + (isClass && Modifier.isFinal(modifiers) ? "final " : "") + kind;
    }

    // Members.

    /** Fields, constructors, methods; each by name, so that overloads stand together. */
    private Stream<String> members(Class<?> type) {
        List<String> fields = new ArrayList<>();
        List<String> constructors = new ArrayList<>();
        Map<String, Set<String>> methods = new TreeMap<>();
        for (Class<?> owner : declaringTypes(type)) {
            Stream.of(owner.getDeclaredFields())
                    .filter(field -> isVisible(type, field.getModifiers()) && !field.isEnumConstant())
                    .sorted(Comparator.comparing(Field::getName)).map(this::field).forEach(fields::add);
            Stream.of(owner.getDeclaredMethods()).filter(method -> isListed(type, method)).forEach(method -> methods
                    .computeIfAbsent(method.getName(), name -> new TreeSet<>()).add(method(type, method)));
        }
        Stream.of(type.getDeclaredConstructors()).filter(constructor -> isListed(type, constructor))
                .map(this::constructor).sorted()
                .forEach(constructors::add);
        return Stream.of(fields, constructors, methods.values().stream().flatMap(Set::stream).toList())
                .flatMap(List::stream);
    }

    /** The type, and those that are not exported and from which it inherits. */
    private Set<Class<?>> declaringTypes(Class<?> type) {
        Set<Class<?>> found = new LinkedHashSet<>(List.of(type));
        Stream.concat(Stream.ofNullable(type.getSuperclass()), Stream.of(type.getInterfaces()))
                .filter(this::isHidden).forEach(parent -> found.addAll(declaringTypes(parent)));
        return found;
    }

    /** What every class has, and what the compiler adds to every record and enum, is not listed. */
    private static boolean isListed(Class<?> type, Executable member) {
        if (member.isSynthetic() || !isVisible(type, member.getModifiers())) {
            return false;
        }
        Class<?>[] parameters = member.getParameterTypes();
        String name = member.getName();
        if (parameters.length == 0 && (name.equals("hashCode") || name.equals("toString"))) {
            return false;
        }
        if (type.isRecord()) {
            var components = List.of(type.getRecordComponents());
            return member instanceof Constructor
                    ? !List.of(parameters).equals(components.stream().map(component -> component.getType()).toList())
                    : !(name.equals("equals") && List.of(parameters).equals(List.of(Object.class)))
                            && (parameters.length > 0
                                    || components.stream().noneMatch(component -> component.getName().equals(name)));
        }
        return !type.isEnum() || !Modifier.isStatic(member.getModifiers())
                || !(name.equals("values") && parameters.length == 0
                        || name.equals("valueOf") && List.of(parameters).equals(List.of(String.class)));
    }

    private String constructor(Constructor<?> constructor) {
        return modifiers(constructor.getModifiers(), constructor) + typeParameters(constructor.getTypeParameters(), " ")
                + "new " + simpleName(constructor.getDeclaringClass()) + signature(constructor);
    }

    private String method(Class<?> type, Method method) {
        int modifiers = method.getModifiers();
        String kind = Modifier.isStatic(modifiers)
                ? "static "
                : method.isDefault()
                        ? "default "
                        : Modifier.isAbstract(modifiers) && !type.isInterface()
                                ? "abstract "
                                : Modifier.isFinal(modifiers) && isExtensible(type) ? "final " : "";
        Object value = method.getDefaultValue();
        return modifiers(modifiers, method) + kind + typeParameters(method.getTypeParameters(), " ")
                + text(method.getGenericReturnType()) + " " + method.getName() + signature(method)
                + (value == null ? "" : " default " + value);
    }

    private String field(Field field) {
        int modifiers = field.getModifiers();
        boolean constant = Modifier.isStatic(modifiers) && Modifier.isFinal(modifiers);
        String value = "";
        if (constant && (field.getType().isPrimitive() || field.getType() == String.class)) {
            try {
                value = " = " + field.get(null); // users' classes have a copy of it
            } catch (IllegalAccessException e) {
                throw new IllegalStateException(e);
            }
        }
        return modifiers(modifiers, field) + (Modifier.isStatic(modifiers) ? "static " : "")
                + (Modifier.isFinal(modifiers) ? "final " : "") + text(field.getGenericType()) + " " + field.getName()
                + value;
    }

    private static String modifiers(int modifiers, AnnotatedElement element) {
        return deprecation(element) + (Modifier.isProtected(modifiers) ? "protected " : "");
    }

    private static String deprecation(AnnotatedElement element) {
        Deprecated deprecated = element.getAnnotation(Deprecated.class);
        return deprecated == null ? "" : deprecated.forRemoval() ? "@Deprecated(forRemoval) " : "@Deprecated ";
    }

    private String signature(Executable executable) {
        Type[] parameters = executable.getGenericParameterTypes();
        String list = join(parameters);
        if (executable.isVarArgs()) {
            list = list.substring(0, list.length() - 2) + "...";
        }
        Type[] exceptions = executable.getGenericExceptionTypes();
        return "(" + list + ")" + (exceptions.length == 0 ? "" : " throws " + join(exceptions));
    }

    // The names of types.

    private String typeParameters(TypeVariable<?>[] variables) {
        return typeParameters(variables, "");
    }

    private String typeParameters(TypeVariable<?>[] variables, String end) {
        return variables.length == 0 ? "" : Stream.of(variables).map(variable -> {
            Type[] bounds = variable.getBounds();
            return variable.getName() + (bounds[0] == Object.class
                    ? ""
                    : " extends " + Stream.of(bounds).map(this::text).collect(Collectors.joining(" & ")));
        }).collect(Collectors.joining(", ", "<", ">")) + end;
    }

    private String join(Type... list) {
        return Stream.of(list).map(this::text).collect(Collectors.joining(", "));
    }

    private String text(Type type) {
        return switch (type) {
            case Class<?> plain -> name(plain);
            case ParameterizedType parameterized ->
                text(parameterized.getRawType()) + "<" + join(parameterized.getActualTypeArguments())
                        + ">";
            case GenericArrayType array -> text(array.getGenericComponentType()) + "[]";
            case WildcardType wildcard when wildcard.getLowerBounds().length > 0 ->
                "? super " + join(wildcard.getLowerBounds());
            case WildcardType wildcard when wildcard.getUpperBounds()[0] != Object.class -> "? extends " + join(
                    wildcard.getUpperBounds());
            case WildcardType any -> "?";
            default -> type.getTypeName();
        };
    }

    private String name(Class<?> type) {
        if (type.isArray()) {
            return name(type.getComponentType()) + "[]";
        }
        if (type.isPrimitive()) {
            return type.getName();
        }
        for (Class<?> each = type; each != null; each = each.getEnclosingClass()) {
            named.add(each);
        }
        String name = simpleName(type);
        return ambiguous.contains(name) ? type.getName().replace('$', '.') : name;
    }

    /** Without the package: Message.Text. */
    private static String simpleName(Class<?> type) {
        String name = type.getName();
        return name.substring(name.lastIndexOf('.') + 1).replace('$', '.');
    }
}
