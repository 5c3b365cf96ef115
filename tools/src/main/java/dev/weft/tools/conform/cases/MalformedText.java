package dev.weft.tools.conform.cases;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * UTF-8 sequences, well-formed and malformed (RFC 3629 §4; Unicode, table 3-7), in hexadecimal digits. In malformed ones, a bar
 * marks the first byte that cannot be part of valid text.
 */
final class MalformedText {
    static final Map<String, String> VALID = table("""
            ascii                  48 65 6c 6c 6f
            greek                  ce ba cf 8c cf 83 ce bc ce b5
            u0000                  00
            u007f                  7f
            u0080                  c2 80
            u07ff                  df bf
            u0800                  e0 a0 80
            u0fff                  e0 bf bf
            u1000                  e1 80 80
            ucfff                  ec bf bf
            ud000                  ed 80 80
            ud7ff                  ed 9f bf
            ue000                  ee 80 80
            ueeff                  ee bf bf
            uf000                  ef 80 80
            ufdd0-noncharacter     ef b7 90
            ufeff-byte-order-mark  ef bb bf
            ufffd-replacement      ef bf bd
            ufffe-noncharacter     ef bf be
            uffff-noncharacter     ef bf bf
            u10000                 f0 90 80 80
            u1fffe-noncharacter    f0 9f bf be
            u1ffff-noncharacter    f0 9f bf bf
            u2fffe-noncharacter    f0 af bf be
            u3ffff                 f0 bf bf bf
            u40000                 f1 80 80 80
            ubffff-noncharacter    f2 bf bf bf
            uc0000                 f3 80 80 80
            ufffff-noncharacter    f3 bf bf bf
            u100000                f4 80 80 80
            u10fffe-noncharacter   f4 8f bf be
            u10ffff-noncharacter   f4 8f bf bf
            combining              61 cc 88 e2 80 8d f0 9f 91 a9 e2 80 8d f0 9f 9a 80
            """);

    static final Map<String, String> INVALID = table("""
            tail-alone-80              |80
            tail-alone-bf              |bf
            tails-alone-6              |80 bf 80 bf 80 bf
            tail-after-ascii           41|80
            tail-too-many-2            c2 80|80
            tail-too-many-3            e1 80 80|80
            tail-too-many-4            f1 80 80 80|80
            overlong-2-c0-80           |c0 80
            overlong-2-c0-af           |c0 af
            overlong-2-c1-bf           |c1 bf
            overlong-3-e0-80-80        e0|80 80
            overlong-3-e0-80-af        e0|80 af
            overlong-3-e0-9f-bf        e0|9f bf
            overlong-4-f0-80-80-80     f0|80 80 80
            overlong-4-f0-80-80-af     f0|80 80 af
            overlong-4-f0-8f-bf-bf     f0|8f bf bf
            overlong-5                 |f8 80 80 80 af
            overlong-6                 |fc 80 80 80 80 af
            surrogate-d800             ed|a0 80
            surrogate-db7f             ed|ad bf
            surrogate-db80             ed|ae 80
            surrogate-dbff             ed|af bf
            surrogate-dc00             ed|b0 80
            surrogate-df80             ed|be 80
            surrogate-dfff             ed|bf bf
            surrogates-paired          ed|a0 80 ed b0 80
            above-10ffff-110000        f4|90 80 80
            above-10ffff-13ffff        f4|bf bf bf
            above-10ffff-f5            |f5 80 80 80
            above-10ffff-f6            |f6 bf bf bf
            above-10ffff-f7            |f7 bf bf bf
            five-bytes-f8             |f8 88 80 80 80
            five-bytes-fb             |fb bf bf bf bf
            six-bytes-fc              |fc 84 80 80 80 80
            six-bytes-fd              |fd bf bf bf bf bf
            never-fe                   |fe
            never-ff                   |ff
            never-fe-fe-ff-ff          |fe fe ff ff
            lead-2-then-ascii          c2|41
            lead-2-then-lead           c2|c2 80
            lead-2-then-c0             df|c0
            lead-2-then-7f             df|7f
            lead-3-then-ascii          e1|41 80
            lead-3-then-lead           e1|e1 80 80
            lead-3-tail-then-ascii     e1 80|41
            lead-3-tail-then-lead      e1 80|c2 80
            lead-e0-then-ascii         e0|41 80
            lead-e0-then-c0            e0|c0 80
            lead-e0-tail-then-ascii    e0 a0|20
            lead-ed-then-ascii         ed|41 80
            lead-ed-then-7f            ed|7f 80
            lead-ed-tail-then-c0       ed 9f|c0
            lead-ef-then-c0            ef|c0 80
            lead-4-then-ascii          f1|41 80 80
            lead-4-then-c0             f1|c0 80 80
            lead-4-tail-then-ascii     f1 80|41 80
            lead-4-tails-then-ascii    f1 80 80|41
            lead-4-tails-then-lead     f1 80 80|f1 80 80 80
            lead-f0-then-c0            f0|c0 80 80
            lead-f0-tail-then-ascii    f0 90|41 80
            lead-f0-tails-then-c0      f0 90 80|c0
            lead-f4-then-c0            f4|c0 80 80
            lead-f4-then-7f            f4|7f 80 80
            lead-f4-tail-then-ascii    f4 8f|41 80
            lead-f4-tails-then-c0      f4 8f bf|c0
            incomplete-run             c2|e0 a0 f0 90 80 f4 8f bf
            """);

    static final Map<String, String> TRUNCATED = table("""
            2-bytes-c2        c2
            2-bytes-df        df
            3-bytes-e0        e0
            3-bytes-e0-a0     e0 a0
            3-bytes-e1        e1
            3-bytes-e1-80     e1 80
            3-bytes-ed        ed
            3-bytes-ed-9f     ed 9f
            3-bytes-ef-bf     ef bf
            4-bytes-f0        f0
            4-bytes-f0-90     f0 90
            4-bytes-f0-90-80  f0 90 80
            4-bytes-f1        f1
            4-bytes-f1-80     f1 80
            4-bytes-f1-80-80  f1 80 80
            4-bytes-f4        f4
            4-bytes-f4-8f     f4 8f
            4-bytes-f4-8f-bf  f4 8f bf
            """);

    private MalformedText() {}

    private static Map<String, String> table(String lines) {
        Map<String, String> all = new LinkedHashMap<>();
        lines.lines().forEach(line -> all.put(line.split(" ", 2)[0], line.split(" ", 2)[1].strip()));
        return all;
    }
}
